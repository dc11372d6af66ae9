#include "cuda/cuda_table.h"
#include "warp3d/warp3d_device.h"
#include "warp3d/warp3d_fill.h"

namespace vk::warp3d_cuda {
namespace {

using namespace cuda;

/** A tap of weight 0 does not count, so that a NaN beside an exact voxel position does not spread.
 */
template <int kTaps, class T>
__device__ T valueAt(const T* moving, const int64_t size[3],
                     const Warp3dNeighbours<kTaps, T>& taps) {
  T value = 0;
  VK_UNROLL_BY(kTaps == 4 ? 1 : kTaps) for (int c = 0; c < kTaps; ++c) {
    const int64_t plane = pick(taps.z.index, c) * size[1];
    const T weightZ = pick(taps.z.weight, c);
    VK_UNROLL for (int b = 0; b < kTaps; ++b) {
      const T weight = weightZ * taps.y.weight[b];
      const T* const row = moving + (plane + taps.y.index[b]) * size[0];
      VK_UNROLL for (int a = 0; a < kTaps; ++a) {
        const T w = weight * taps.x.weight[a];
        const T v = row[taps.x.index[a]];
        value += w != 0 ? w * v : T(0);
      }
    }
  }
  return value;
}

/** A thread an output voxel, all channels: neighbours in a warp look at neighbours in the moving
 * image. Nearest copies elements of any type, T then being an integer of their size. */
template <int kTaps, class T>
__global__ void __launch_bounds__(256, 2)
    warp3d(Warp3dArgs args, Volume domain, int64_t count, T fill) {
  const int64_t size[3] = {args.movingSize.x, args.movingSize.y, args.movingSize.z};
  const int64_t voxels = size[0] * size[1] * size[2];
  const T* const moving = static_cast<const T*>(args.moving);
  T* const warped = static_cast<T*>(args.warped);
  forEachItem(count, [&](int64_t i) {
    double point[3], p[3];
    warp3dPoint(args, domain, i, point);
    warp3dPosition(args, i, count, point, p);
    const bool wanted = args.mask == nullptr || args.mask[i] != 0;
    if (wanted && warp3dIsSampled(p, size, args.border)) {
      if constexpr (kTaps == 1) {
        const Warp3dNeighbours<1, float> tap(p, size, args.border);
        const int64_t voxel =
            (int64_t(tap.z.index[0]) * size[1] + tap.y.index[0]) * size[0] + tap.x.index[0];
        for (int64_t channel = 0; channel < args.channels; ++channel) {
          warped[channel * count + i] = moving[channel * voxels + voxel];
        }
      } else {
        const Warp3dNeighbours<kTaps, T> taps(p, size, args.border);
        for (int64_t channel = 0; channel < args.channels; ++channel) {
          warped[channel * count + i] = valueAt(moving + channel * voxels, size, taps);
        }
      }
    } else {
      for (int64_t channel = 0; channel < args.channels; ++channel) {
        warped[channel * count + i] = fill;
      }
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

template <int kTaps, class T>
void warp(const Warp3dArgs& args, Context& context) {
  uint64_t bits = 0;
  warp3dStoreFill(args, &bits);
  T fill;
  std::memcpy(&fill, &bits, sizeof fill);
  const int64_t count = args.domainSize.count();
  launch(context, gridOver(count), warp3d<kTaps, T>, args, warp3dDomain(args), count, fill);
}

void runWarp(const Warp3dArgs& args, Context& context, const Workspace&) {
  const bool f64 = args.type == VK_F64;
  if (args.interpolation == VK_LINEAR) {
    return f64 ? warp<2, double>(args, context) : warp<2, float>(args, context);
  }
  if (args.interpolation == VK_CUBIC_BSPLINE) {
    return f64 ? warp<4, double>(args, context) : warp<4, float>(args, context);
  }
  switch (elementSize(args.type)) {
    case 1:
      return warp<1, uint8_t>(args, context);
    case 2:
      return warp<1, uint16_t>(args, context);
    case 4:
      return warp<1, uint32_t>(args, context);
    default:
      return warp<1, uint64_t>(args, context);
  }
}

}  // namespace

extern "C" CudaImplementations<Warp3dArgs> warp3dCuda() {
  static const Implementation<Warp3dArgs> rows[] = {cuda::row<Warp3dArgs>(runWarp, warp3dAccepts)};
  return cuda::table(rows);
}

}  // namespace vk::warp3d_cuda
