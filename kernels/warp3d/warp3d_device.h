// What the CUDA kernels of the warp and of its gradients share.
#pragma once

#include "cuda/volume.h"
#include "warp3d/warp3d.h"
#include "warp3d/warp3d_axis.h"

namespace vk::cuda {

__device__ inline double warp3dInput(vk_element_type type, const void* data, int64_t i) {
  return type == VK_F64 ? static_cast<const double*>(data)[i]
                        : double(static_cast<const float*>(data)[i]);
}

inline Volume warp3dDomain(const Warp3dArgs& args) {
  const int64_t size[3] = {args.domainSize.x, args.domainSize.y, args.domainSize.z};
  return Volume(size);
}

/** The domain's voxel or point i, in output indices. */
__device__ inline void warp3dPoint(const Warp3dArgs& args, const Volume& domain, int64_t i,
                                   double point[3]) {
  if (args.points != nullptr) {
    for (int r = 0; r < 3; ++r) {
      point[r] = warp3dInput(args.pointsType, args.points, r * args.domainSize.x + i);
    }
    return;
  }
  const VoxelAt at = domain.at(i);
  point[0] = double(at.x);
  point[1] = double(at.y);
  point[2] = double(at.z);
}

/** Where in the moving image the point is sampled: in f64, so that far from the origin, too,
 * fractions of a voxel are exact. */
__device__ inline void warp3dPosition(const Warp3dArgs& args, int64_t i, int64_t count,
                                      const double point[3], double position[3]) {
  for (int r = 0; r < 3; ++r) {
    const double* const map = args.indexMap + 4 * r;
    position[r] = map[0] * point[0] + map[1] * point[1] + map[2] * point[2] + map[3];
  }
  if (args.displacement == nullptr) return;
  double u[3];
  for (int k = 0; k < 3; ++k) {
    u[k] = warp3dInput(args.displacementType, args.displacement, k * count + i);
  }
  for (int r = 0; r < 3; ++r) {
    const double* const map = args.displacementMap + 3 * r;
    position[r] += map[0] * u[0] + map[1] * u[1] + map[2] * u[2];
  }
}

/** The taps around a sampled position. */
template <int kTaps, class T>
struct Warp3dNeighbours {
  Warp3dAxis<kTaps, T> x;
  Warp3dAxis<kTaps, T> y;
  Warp3dAxis<kTaps, T> z;

  __device__ Warp3dNeighbours(const double p[3], const int64_t size[3], vk_border border)
      : x(warp3dAxis<kTaps, T>(p[0], size[0], border)),
        y(warp3dAxis<kTaps, T>(p[1], size[1], border)),
        z(warp3dAxis<kTaps, T>(p[2], size[2], border)) {}
};

inline Refusal warp3dAccepts(const Warp3dArgs& args) {
  const Warp3dSize& size = args.movingSize;
  const bool fits = size.x <= INT32_MAX && size.y <= INT32_MAX && size.z <= INT32_MAX;
  return fits ? "" : "takes fewer than 2^31 voxels along an axis";
}

}  // namespace vk::cuda
