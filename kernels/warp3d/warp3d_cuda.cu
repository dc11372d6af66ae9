#include "cuda/cuda_table.h"
#include "cuda/kernel.h"
#include "warp3d/warp3d.h"
#include "warp3d/warp3d_math.h"

namespace vk {
namespace {

using namespace cuda;

__device__ double floatAt(vk_element_type type, const void* data, int64_t i) {
  return type == VK_F64 ? static_cast<const double*>(data)[i]
                        : double(static_cast<const float*>(data)[i]);
}

/** Where in the moving image the domain's voxel or point i is sampled. */
__device__ void positionOf(const Warp3dArgs& args, int64_t i, int64_t count, double position[3]) {
  double point[3];
  if (args.points != nullptr) {
    for (int r = 0; r < 3; ++r) point[r] = floatAt(args.pointsType, args.points, r * count + i);
  } else {
    const int64_t row = i / args.domainSize.x;
    point[0] = double(i % args.domainSize.x);
    point[1] = double(row % args.domainSize.y);
    point[2] = double(row / args.domainSize.y);
  }
  for (int r = 0; r < 3; ++r) {
    const double* const map = args.indexMap + 4 * r;
    position[r] = map[0] * point[0] + map[1] * point[1] + map[2] * point[2] + map[3];
  }
  if (args.displacement == nullptr) return;
  double u[3];
  for (int k = 0; k < 3; ++k)
    u[k] = floatAt(args.displacementType, args.displacement, k * count + i);
  for (int r = 0; r < 3; ++r) {
    const double* const map = args.displacementMap + 3 * r;
    position[r] += map[0] * u[0] + map[1] * u[1] + map[2] * u[2];
  }
}

/** Of every channel of the moving image. */
template <class T>
__global__ void __launch_bounds__(256) warp3d(Warp3dArgs args, int64_t count, T fill) {
  const int64_t size[3] = {args.movingSize.x, args.movingSize.y, args.movingSize.z};
  const int64_t voxels = size[0] * size[1] * size[2];
  const T* const moving = static_cast<const T*>(args.moving);
  T* const warped = static_cast<T*>(args.warped);
  forEachItem(count, [&](int64_t i) {
    double p[3];
    positionOf(args, i, count, p);
    const bool wanted = args.mask == nullptr || args.mask[i] != 0;
    const bool sampled = wanted && warp3dIsSampled(p, size, args.border);
    for (int64_t channel = 0; channel < args.channels; ++channel) {
      warped[channel * count + i] =
          sampled
              ? T(warp3dSample(moving + channel * voxels, size, p, args.interpolation, args.border))
              : fill;
    }
    if (args.inside == nullptr) return;
    bool inside = wanted && warp3dIsInside(p, size);
    if (inside && args.movingMask != nullptr) {
      const int64_t x = int64_t(floor(p[0] + 0.5));
      const int64_t y = int64_t(floor(p[1] + 0.5));
      const int64_t z = int64_t(floor(p[2] + 0.5));
      inside = args.movingMask[(z * size[1] + y) * size[0] + x] != 0;
    }
    args.inside[i] = inside ? 1 : 0;
  });
}

Refusal accepts(const Warp3dArgs& args) {
  return args.type == VK_F32 || args.type == VK_F64 ? "" : "takes f32 and f64 only";
}

template <class T>
void warp(const Warp3dArgs& args, Context& context) {
  const int64_t count = args.domainSize.x * args.domainSize.y * args.domainSize.z;
  launch(context, gridOver(count), warp3d<T>, args, count, T(args.fillValue));
}

void runWarp(const Warp3dArgs& args, Context& context, const Workspace&) {
  if (args.type == VK_F64) {
    warp<double>(args, context);
  } else {
    warp<float>(args, context);
  }
}

}  // namespace

CudaImplementations<Warp3dArgs> warp3dCuda() {
  static const Implementation<Warp3dArgs> rows[] = {cuda::row<Warp3dArgs>(runWarp, accepts)};
  return cuda::table(rows);
}

}  // namespace vk
