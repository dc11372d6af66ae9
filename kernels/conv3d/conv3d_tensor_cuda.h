// What the convolutions by tensor cores share.
#pragma once

#include "conv3d/conv3d_cuda.h"
#include "cuda/tensor_cores.h"

namespace vk {

/** Empty where every device of the machine has the types: the arguments do not say which one it
 * will be. */
inline Refusal tensorTypesOf(const Conv3dArgs&) {
  static const bool all = [] {
    int devices = 0;
    if (cudaGetDeviceCount(&devices) != cudaSuccess) return false;
    for (int device = 0; device < devices; ++device) {
      if (!cuda::hasTensorTypes(device)) return false;
    }
    return devices > 0;
  }();
  return all ? Refusal() : "needs devices of compute capability 8.0 or newer, all of them";
}

}  // namespace vk
