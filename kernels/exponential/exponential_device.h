// The squaring on a device, which the exponential and its gradient share.
#pragma once

#include "compose/field_device.h"

namespace vk::cuda {

inline int64_t exponentialVoxels(const int64_t size[3]) { return size[0] * size[1] * size[2]; }

/** out(x) = u(x) + u(x + u(x)), u being `scale` times the field. A thread a voxel. */
template <class T>
__global__ void __launch_bounds__(256) exponentialSquare(const T* field, T scale, FieldMap<T> map,
                                                         Volume volume, int64_t voxels, T* out) {
  forEachItem(voxels, [&](int64_t i) {
    T u[3], there[3];
    loadVector(field, voxels, i, u);
    for (int k = 0; k < 3; ++k) u[k] *= scale;
    FieldCell<T>(map, FieldPosition<T>(volume.at(i)), u).sample(map, field, there);
    for (int k = 0; k < 3; ++k) u[k] += scale * there[k];
    storeVector(out, voxels, i, u);
  });
}

}  // namespace vk::cuda
