#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "warp3d/warp3d_gradient_cpu.cpp"
#include "core/simd_begin.h"
#include "warp3d/warp3d_sample-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace {

/** dL/dp of the n voxels from i on: dL/dwarped times the slope, summed over the channels; 0 where
 * the mask is. False when all of it is 0. */
template <bool kCubic, bool kDense, bool kPoints, class Offset>
HWY_INLINE bool positionGradient(const Frame& frame, const double start[3], int64_t row, int64_t i,
                                 int64_t n, const Strides& strides, Slope* gradient) {
  const F32 d;
  const I32 di;
  const Warp3dArgs& args = *frame.args;
  *gradient = {hn::Zero(d), hn::Zero(d), hn::Zero(d)};
  const int64_t at = row * args.domainSize.x + i;
  const int64_t volume = args.movingSize.count();
  const float* upstream = static_cast<const float*>(args.upstream) + at;
  auto counts = hn::RebindMask(d, hn::Lt(hn::Iota(di, 0), hn::Set(di, int32_t(n))));
  if (args.mask != nullptr) {
    HWY_ALIGN int32_t mask[kLanes] = {};
    for (int64_t k = 0; k < n; ++k) mask[k] = args.mask[at + k];
    counts = hn::RebindMask(d, hn::Ne(hn::Load(di, mask), hn::Zero(di)));
    if (hn::AllFalse(d, counts)) return false;
  }
  const Cells cells = cellsOf<kDense, kPoints>(frame, start, row, i, n);
  const Placement placement = place<kCubic>(frame, cells);
  if (placement.nothing) return false;
  HWY_ALIGN Offset offsets[kLanes] = {};
  if (!placement.slow) cellOffsets(frame, placement.at.cells, offsets);
  const float* moving = static_cast<const float*>(args.moving);
  for (int64_t channel = 0; channel < args.channels; ++channel) {
    const VecF g = hn::IfThenElseZero(counts, loadFirst(upstream + channel * frame.domainCount, n));
    const Slope slope = slopeAt(frame, moving + channel * volume, strides, offsets, placement);
    *gradient = {hn::MulAdd(g, slope.x, gradient->x), hn::MulAdd(g, slope.y, gradient->y),
                 hn::MulAdd(g, slope.z, gradient->z)};
  }
  return true;
}

/** Sums of one row segment: f32 over a segment of at most kSegment vectors, f64 beyond. */
constexpr int64_t kSegment = 32 * kLanes;

/** dL/d(index_map) of one grid row. */
template <bool kCubic, bool kDense, class Offset>
HWY_INLINE void sumRow(const Frame& frame, int64_t row, double sums[12]) {
  const F32 d;
  const Warp3dArgs& args = *frame.args;
  const Strides strides = stridesOf(frame);
  double start[3];
  rowStart(args, row, start);
  const double iy = double(row % args.domainSize.y);
  const double iz = double(row / args.domainSize.y);
  const VecF lane = hn::Iota(d, 0);
  for (int64_t segment = 0; segment < args.domainSize.x; segment += kSegment) {
    const int64_t end =
        args.domainSize.x - segment < kSegment ? args.domainSize.x : segment + kSegment;
    Slope sum = {hn::Zero(d), hn::Zero(d), hn::Zero(d)};
    Slope moment = sum;  // about the segment's begin
    for (int64_t i = segment; i < end; i += kLanes) {
      const int64_t n = end - i < kLanes ? end - i : kLanes;
      Slope g;
      if (!positionGradient<kCubic, kDense, false, Offset>(frame, start, row, i, n, strides, &g)) {
        continue;
      }
      const VecF x = hn::Add(lane, hn::Set(d, float(i - segment)));
      sum = {hn::Add(sum.x, g.x), hn::Add(sum.y, g.y), hn::Add(sum.z, g.z)};
      moment = {hn::MulAdd(g.x, x, moment.x), hn::MulAdd(g.y, x, moment.y),
                hn::MulAdd(g.z, x, moment.z)};
    }
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
  const Strides strides = stridesOf(frame);
  const double start[3] = {0, 0, 0};
  for (int64_t segment = begin; segment < end; segment += kSegment) {
    const int64_t segmentEnd = end - segment < kSegment ? end : segment + kSegment;
    VecF sum[12];
    for (int k = 0; k < 12; ++k) sum[k] = hn::Zero(d);
    for (int64_t i = segment; i < segmentEnd; i += kLanes) {
      const int64_t n = segmentEnd - i < kLanes ? segmentEnd - i : kLanes;
      Slope g;
      if (!positionGradient<kCubic, false, true, Offset>(frame, start, 0, i, n, strides, &g)) {
        continue;
      }
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
    }
    for (int k = 0; k < 12; ++k) sums[k] += hn::GetLane(hn::SumOfLanes(d, sum[k]));
  }
}

template <bool kCubic, class Offset>
void gradientLinear(const Warp3dArgs& args, Context& context, double* partials) {
  const int64_t chunkRows = warp3dChunkRows(args);
  parallelFor(context, warp3dChunks(args), [&](int64_t chunk) HWY_ATTR {
    const Frame frame = makeFrame(args);
    double sums[12] = {};
    if (args.points != nullptr) {
      const Range range = chunkRange(args.domainSize.x, chunkRows, chunk);
      sumPoints<kCubic, Offset>(frame, range.begin, range.end, sums);
    } else {
      const Range range = chunkRange(args.domainSize.y * args.domainSize.z, chunkRows, chunk);
      for (int64_t row = range.begin; row < range.end; ++row) {
        if (args.displacement != nullptr) {
          sumRow<kCubic, true, Offset>(frame, row, sums);
        } else {
          sumRow<kCubic, false, Offset>(frame, row, sums);
        }
      }
    }
    for (int k = 0; k < 12; ++k) partials[12 * chunk + k] = sums[k];
  });
}

/** dL/du of the voxels [begin, end) of one row: the displacement map's transpose times dL/dp. */
template <bool kCubic, bool kDense, bool kPoints, class Offset>
HWY_INLINE void fieldRow(const Frame& frame, int64_t row, int64_t begin, int64_t end) {
  const F32 d;
  const Warp3dArgs& args = *frame.args;
  const Strides strides = stridesOf(frame);
  double start[3];
  rowStart(args, row, start);
  float* gradient = static_cast<float*>(args.gradient) + row * args.domainSize.x;
  for (int64_t i = begin; i < end; i += kLanes) {
    const int64_t n = end - i < kLanes ? end - i : kLanes;
    Slope g;
    positionGradient<kCubic, kDense, kPoints, Offset>(frame, start, row, i, n, strides, &g);
    for (int c = 0; c < 3; ++c) {
      const double* map = args.displacementMap;
      VecF sum = hn::Mul(hn::Set(d, float(map[c])), g.x);
      sum = hn::MulAdd(hn::Set(d, float(map[3 + c])), g.y, sum);
      sum = hn::MulAdd(hn::Set(d, float(map[6 + c])), g.z, sum);
      storeFirst(sum, gradient + c * frame.domainCount + i, n);
    }
  }
}

template <bool kCubic, class Offset>
void gradientField(const Warp3dArgs& args, Context& context) {
  const int64_t chunkRows = warp3dChunkRows(args);
  parallelFor(context, warp3dChunks(args), [&](int64_t chunk) HWY_ATTR {
    const Frame frame = makeFrame(args);
    if (args.points != nullptr) {
      const Range range = chunkRange(args.domainSize.x, chunkRows, chunk);
      fieldRow<kCubic, false, true, Offset>(frame, 0, range.begin, range.end);
      return;
    }
    const Range range = chunkRange(args.domainSize.y * args.domainSize.z, chunkRows, chunk);
    for (int64_t row = range.begin; row < range.end; ++row) {
      if (args.displacement != nullptr) {
        fieldRow<kCubic, true, false, Offset>(frame, row, 0, args.domainSize.x);
      } else {
        fieldRow<kCubic, false, false, Offset>(frame, row, 0, args.domainSize.x);
      }
    }
  });
}

}  // namespace

void warp3dGradientFieldCpu(const Warp3dArgs& args, Context& context, const Workspace&) {
  if (args.interpolation == VK_CUBIC_BSPLINE) {
    gradientField<true, int32_t>(args, context);
  } else if (args.movingSize.count() > INT32_MAX) {
    gradientField<false, int64_t>(args, context);
  } else {
    gradientField<false, int32_t>(args, context);
  }
}

void warp3dGradientLinearCpu(const Warp3dArgs& args, Context& context, const Workspace& workspace) {
  double* partials = workspace.as<double>();
  if (args.interpolation == VK_CUBIC_BSPLINE) {
    gradientLinear<true, int32_t>(args, context, partials);
  } else if (args.movingSize.count() > INT32_MAX) {
    gradientLinear<false, int64_t>(args, context, partials);
  } else {
    gradientLinear<false, int32_t>(args, context, partials);
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
VK_SIMD_TABLE(warp3dGradientFieldCpu);

}  // namespace vk
#endif
