#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "warp3d/warp3d_gradient_cpu.cpp"
#include "core/simd_begin.h"
#include "warp3d/warp3d_position_gradient-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace {

/** Sums are f32 over a segment of a row and f64 beyond. */
constexpr int64_t kSegment = 2 * kBatchVoxels;

/** dL/d(index_map) of one grid row. */
template <bool kCubic, bool kDense, class Offset>
HWY_INLINE void sumRow(const Frame& frame, int64_t row, double sums[12]) {
  const F32 d;
  const Warp3dSize& size = frame.args->domainSize;
  const double iy = double(row % size.y);
  const double iz = double(row / size.y);
  const VecF lane = hn::Iota(d, 0);
  for (int64_t segment = 0; segment < size.x; segment += kSegment) {
    const int64_t end = size.x - segment < kSegment ? size.x : segment + kSegment;
    Slope sum = noSlope();
    Slope moment = noSlope();  // about the segment's begin
    positionGradients<kCubic, kDense, false, Offset>(
        frame, row, segment, end, [&](int64_t i, int64_t, const Slope& g) HWY_ATTR {
          const VecF x = hn::Add(lane, hn::Set(d, float(i - segment)));
          sum = {hn::Add(sum.x, g.x), hn::Add(sum.y, g.y), hn::Add(sum.z, g.z)};
          moment = {hn::MulAdd(g.x, x, moment.x), hn::MulAdd(g.y, x, moment.y),
                    hn::MulAdd(g.z, x, moment.z)};
        });
    const double s[3] = {hn::GetLane(hn::SumOfLanes(d, sum.x)),
                         hn::GetLane(hn::SumOfLanes(d, sum.y)),
                         hn::GetLane(hn::SumOfLanes(d, sum.z))};
    const double m[3] = {hn::GetLane(hn::SumOfLanes(d, moment.x)),
                         hn::GetLane(hn::SumOfLanes(d, moment.y)),
                         hn::GetLane(hn::SumOfLanes(d, moment.z))};
    for (int r = 0; r < 3; ++r) {
      sums[4 * r] += m[r] + s[r] * double(segment);
      sums[4 * r + 1] += s[r] * iy;
      sums[4 * r + 2] += s[r] * iz;
      sums[4 * r + 3] += s[r];
    }
  }
}

/** dL/d(index_map) of the points [begin, end). */
template <bool kCubic, class Offset>
HWY_INLINE void sumPoints(const Frame& frame, int64_t begin, int64_t end, double sums[12]) {
  const F32 d;
  for (int64_t segment = begin; segment < end; segment += kSegment) {
    const int64_t segmentEnd = end - segment < kSegment ? end : segment + kSegment;
    VecF sum[12];
    for (int k = 0; k < 12; ++k) sum[k] = hn::Zero(d);
    positionGradients<kCubic, false, true, Offset>(
        frame, 0, segment, segmentEnd, [&](int64_t i, int64_t n, const Slope& g) HWY_ATTR {
          const VecF byAxis[3] = {g.x, g.y, g.z};
          for (int c = 0; c < 3; ++c) {
            const VecF point = loadFirst(frame.points + c * frame.domainCount + i, n);
            for (int r = 0; r < 3; ++r) {
              // A point that is NaN has no slope; keep it from spoiling the sum by 0 * NaN.
              const VecF term = hn::Mul(byAxis[r], point);
              sum[4 * r + c] =
                  hn::Add(sum[4 * r + c], hn::IfThenZeroElse(hn::Eq(byAxis[r], hn::Zero(d)), term));
            }
          }
          for (int r = 0; r < 3; ++r) sum[4 * r + 3] = hn::Add(sum[4 * r + 3], byAxis[r]);
        });
    for (int k = 0; k < 12; ++k) sums[k] += hn::GetLane(hn::SumOfLanes(d, sum[k]));
  }
}

template <bool kCubic, class Offset>
void gradientLinear(const Warp3dArgs& args, Context& context, double* partials) {
  parallelFor(context, warp3dChunks(args), [&](int64_t number) HWY_ATTR {
    const Warp3dChunk chunk = warp3dChunkAt(args, number);
    double sums[12] = {};
    forEachRow(args, chunk, [&](const Frame& frame, int64_t row) HWY_ATTR {
      if (args.points != nullptr) {
        sumPoints<kCubic, Offset>(frame, chunk.begin, chunk.end, sums);
      } else if (args.displacement != nullptr) {
        sumRow<kCubic, true, Offset>(frame, row, sums);
      } else {
        sumRow<kCubic, false, Offset>(frame, row, sums);
      }
    });
    for (int k = 0; k < 12; ++k) partials[12 * number + k] = sums[k];
  });
}

}  // namespace

void warp3dGradientLinearCpu(const Warp3dArgs& args, Context& context, const Workspace& workspace) {
  double* partials = workspace.as<double>();
  if (args.interpolation == VK_CUBIC_BSPLINE) {
    gradientLinear<true, uint32_t>(args, context, partials);
  } else if (args.movingSize.count() > INT32_MAX) {
    gradientLinear<false, int64_t>(args, context, partials);
  } else {
    gradientLinear<false, uint32_t>(args, context, partials);
  }
  const int64_t chunks = warp3dChunks(args);
  for (int k = 0; k < 12; ++k) {
    double sum = 0;
    for (int64_t chunk = 0; chunk < chunks; ++chunk) sum += partials[12 * chunk + k];
    args.mapGradient[k] = sum;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(warp3dGradientLinearCpu);

}  // namespace vk
#endif
