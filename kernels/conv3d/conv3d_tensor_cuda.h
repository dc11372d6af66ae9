// What the convolutions by tensor cores share.
#pragma once

#include "conv3d/conv3d_cuda.h"
#include "cuda/tensor_cores.h"

namespace vk {

/** Empty where the device has the types. */
inline Refusal tensorTypesOf(const Conv3dArgs& args) {
  return cuda::hasTensorTypes(args.device) ? Refusal()
                                           : "needs a device of compute capability 8.0 or newer";
}

}  // namespace vk
