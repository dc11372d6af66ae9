// The determinant of a mapping at a voxel, which the kernels of the map and of the penalty share.
#pragma once

#include "cuda/volume.h"

namespace vk::cuda {

/** Where the index derivative along an axis is taken from, as steps along it. */
template <class T>
struct JacobianDifference {
  int before;
  int after;
  T scale;

  __device__ JacobianDifference(int64_t at, int64_t size)
      : before(at > 0 ? -1 : 0), after(at + 1 < size ? 1 : 0), scale(T(0)) {
    if (size > 1) scale = before != 0 && after != 0 ? T(0.5) : T(1);
  }
};

template <class T>
struct JacobianField {
  const T* displacement;
  int64_t size[3];
  Volume volume;
  /** Row-major: derivatives by mm out of derivatives by index. */
  T gradientMap[9];

  template <class Args>
  explicit JacobianField(const Args& args)
      : displacement(static_cast<const T*>(args.displacement)),
        size{args.size[0], args.size[1], args.size[2]},
        volume(args.size) {
    for (int k = 0; k < 9; ++k) gradientMap[k] = T(args.gradientMap[k]);
  }
  int64_t voxels() const { return size[0] * size[1] * size[2]; }
};

/** J at a voxel. */
template <class T>
struct JacobianMatrix {
  T m[3][3];

  __device__ JacobianMatrix(const JacobianField<T>& field, int64_t voxel, const VoxelAt& at) {
    const int64_t step[3] = {1, field.size[0], field.size[0] * field.size[1]};
    const int64_t voxels = step[2] * field.size[2];
    const JacobianDifference<T> along[3] = {JacobianDifference<T>(at.x, field.size[0]),
                                            JacobianDifference<T>(at.y, field.size[1]),
                                            JacobianDifference<T>(at.z, field.size[2])};
    VK_UNROLL
    for (int c = 0; c < 3; ++c) {
      const T* const u = field.displacement + c * voxels + voxel;
      T byIndex[3];
      VK_UNROLL
      for (int b = 0; b < 3; ++b) {
        byIndex[b] = along[b].scale * (u[along[b].after * step[b]] - u[along[b].before * step[b]]);
      }
      VK_UNROLL
      for (int a = 0; a < 3; ++a) {
        const T* const row = field.gradientMap + 3 * a;
        m[c][a] =
            T(c == a ? 1 : 0) + (row[0] * byIndex[0] + row[1] * byIndex[1] + row[2] * byIndex[2]);
      }
    }
  }
  /** d det / d m[c][a]; both are constants where the loop around is unrolled. */
  __device__ T cofactor(int c, int a) const {
    const int c1 = (c + 1) % 3, c2 = (c + 2) % 3, a1 = (a + 1) % 3, a2 = (a + 2) % 3;
    return m[c1][a1] * m[c2][a2] - m[c1][a2] * m[c2][a1];
  }
  __device__ T determinant() const {
    return m[0][0] * cofactor(0, 0) + m[0][1] * cofactor(0, 1) + m[0][2] * cofactor(0, 2);
  }
};

}  // namespace vk::cuda
