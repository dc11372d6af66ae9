#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "statistics/statistics_cpu.cpp"
#include "core/simd_begin.h"
#include "core/simd_blocks.h"
#include "statistics/statistics_math.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace {

// A chunk is about this many voxels of consecutive rows, or of one row when rows are longer.
constexpr int64_t kChunk = 32768;

using D = hn::ScalableTag<double>;
using V = hn::Vec<D>;

/** Loads lanes as f64 from a row of f32 or a block of f64. */
HWY_INLINE HWY_ATTR V lanesAt(const float* row, int64_t i) {
  const hn::Rebind<float, D> df;
  return hn::PromoteTo(D(), hn::LoadU(df, row + i));
}
HWY_INLINE HWY_ATTR V lanesAt(const double* row, int64_t i) { return hn::LoadU(D(), row + i); }

/** Sums over one run of voxels along x, of value * x^k and of x^k, k = 0, 1, 2. */
struct RowSums {
  double value, valueX, valueXX;
  double one, x, xx;
  double sum, squares;
};

struct RowState {
  int64_t nans;
  int64_t infinities;
  V least;
  V greatest;
};

/** The run [begin, begin + count) of a row; `values` and `mask` point at its first voxel. */
template <class T, bool kMasked>
HWY_ATTR void sumRow(const T* values, const uint8_t* mask, int64_t begin, int64_t count,
                     double shift, double floorLessShift, bool floorGiven, RowSums& sums,
                     RowState& state) {
  const D d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto infinity = hn::Inf(d);
  const auto shiftV = hn::Set(d, shift);
  auto s = hn::Zero(d), ss = hn::Zero(d), w0 = hn::Zero(d), w1 = hn::Zero(d), w2 = hn::Zero(d),
       n = hn::Zero(d), nx = hn::Zero(d), nxx = hn::Zero(d);
  auto x = hn::Add(hn::Iota(d, 0.0), hn::Set(d, static_cast<double>(begin)));
  const auto step = hn::Set(d, static_cast<double>(lanes));
  for (int64_t i = 0; i < count; i += lanes) {
    V raw;
    V wanted = hn::Set(d, 1.0);
    if (i + lanes <= count) {
      raw = lanesAt(values, i);
      if (kMasked) {
        const hn::Rebind<uint8_t, D> d8;
        const hn::Rebind<int32_t, D> d32;
        wanted = hn::PromoteTo(d, hn::PromoteTo(d32, hn::LoadU(d8, mask + i)));
      }
    } else {
      // The last lanes of a row: those past its end do not count.
      double tail[hn::MaxLanes(D())] = {};
      double marks[hn::MaxLanes(D())] = {};
      for (int64_t k = 0; i + k < count; ++k) {
        tail[k] = static_cast<double>(values[i + k]);
        marks[k] = !kMasked || mask[i + k] != 0 ? 1.0 : 0.0;
      }
      raw = hn::LoadU(d, tail);
      wanted = hn::LoadU(d, marks);
    }
    const auto inMask = hn::Ne(wanted, hn::Zero(d));
    const auto finite = hn::Lt(hn::Abs(raw), infinity);
    const auto counts = hn::And(inMask, finite);
    if (HWY_UNLIKELY(!hn::AllTrue(d, hn::Or(finite, hn::Not(inMask))))) {
      // Not Ne: on x86 that is false for NaN.
      const auto isNan = hn::Not(hn::Eq(raw, raw));
      const auto bad = static_cast<int64_t>(hn::CountTrue(d, hn::And(inMask, hn::Not(finite))));
      const auto nans = static_cast<int64_t>(hn::CountTrue(d, hn::And(inMask, isNan)));
      state.nans += nans;
      state.infinities += bad - nans;
    }
    state.least = hn::Min(state.least, hn::IfThenElse(counts, raw, infinity));
    state.greatest = hn::Max(state.greatest, hn::IfThenElse(counts, raw, hn::Neg(infinity)));
    const auto one = hn::IfThenElseZero(counts, hn::Set(d, 1.0));
    const auto value = hn::IfThenElseZero(counts, hn::Sub(raw, shiftV));
    auto weight = value;
    if (floorGiven) {
      weight = hn::IfThenElseZero(counts,
                                  hn::Max(hn::Sub(value, hn::Set(d, floorLessShift)), hn::Zero(d)));
    }
    s = hn::Add(s, value);
    ss = hn::MulAdd(value, value, ss);
    const auto weightX = hn::Mul(weight, x);
    w0 = hn::Add(w0, weight);
    w1 = hn::Add(w1, weightX);
    w2 = hn::MulAdd(weightX, x, w2);
    const auto oneX = hn::Mul(one, x);
    n = hn::Add(n, one);
    nx = hn::Add(nx, oneX);
    nxx = hn::MulAdd(oneX, x, nxx);
    x = hn::Add(x, step);
  }
  sums.sum += hn::GetLane(hn::SumOfLanes(d, s));
  sums.squares += hn::GetLane(hn::SumOfLanes(d, ss));
  sums.value += hn::GetLane(hn::SumOfLanes(d, w0));
  sums.valueX += hn::GetLane(hn::SumOfLanes(d, w1));
  sums.valueXX += hn::GetLane(hn::SumOfLanes(d, w2));
  sums.one += hn::GetLane(hn::SumOfLanes(d, n));
  sums.x += hn::GetLane(hn::SumOfLanes(d, nx));
  sums.xx += hn::GetLane(hn::SumOfLanes(d, nxx));
}

HWY_ATTR void addRow(MomentSums& to, double s0, double sx, double sxx, double y, double z) {
  to.weight += s0;
  to.first[0] += sx;
  to.first[1] += y * s0;
  to.first[2] += z * s0;
  to.second[0] += sxx;
  to.second[1] += y * sx;
  to.second[2] += z * sx;
  to.second[3] += y * y * s0;
  to.second[4] += y * z * s0;
  to.second[5] += z * z * s0;
}

template <bool kMasked>
HWY_ATTR StatisticsPartial sumRange(const StatisticsArgs& args, double shift, int64_t begin,
                                    int64_t end) {
  const D d;
  const bool floorGiven = args.weightFloor == args.weightFloor;
  const double infinity = hn::GetLane(hn::Inf(d));
  StatisticsPartial partial{};
  RowState state{0, 0, hn::Inf(d), hn::Neg(hn::Inf(d))};
  alignas(64) double block[kBlock];
  for (int64_t i = begin; i < end;) {
    const int64_t row = i / args.width;
    const int64_t x = i - row * args.width;
    const int64_t rowEnd = i + (args.width - x) < end ? i + (args.width - x) : end;
    RowSums sums{};
    if (args.type == VK_F32) {
      sumRow<float, kMasked>(static_cast<const float*>(args.image) + i,
                             kMasked ? args.mask + i : nullptr, x, rowEnd - i, shift,
                             args.weightFloor - shift, floorGiven, sums, state);
    } else {
      for (int64_t k = i; k < rowEnd; k += kBlock) {
        const int64_t count = rowEnd - k < kBlock ? rowEnd - k : kBlock;
        loadBlock(args.type, args.image, k, count, block);
        sumRow<double, kMasked>(block, kMasked ? args.mask + k : nullptr, x + (k - i), count, shift,
                                args.weightFloor - shift, floorGiven, sums, state);
      }
    }
    const double y = static_cast<double>(row % args.height);
    const double z = static_cast<double>(row / args.height);
    addRow(partial.weighted, sums.value, sums.valueX, sums.valueXX, y, z);
    addRow(partial.plain, sums.one, sums.x, sums.xx, y, z);
    partial.sum += sums.sum;
    partial.sumOfSquares += sums.squares;
    i = rowEnd;
  }
  partial.counted = static_cast<int64_t>(partial.plain.weight);
  partial.nans = state.nans;
  partial.infinities = state.infinities;
  const double least = hn::GetLane(hn::MinOfLanes(d, state.least));
  const double greatest = hn::GetLane(hn::MaxOfLanes(d, state.greatest));
  partial.least = partial.counted > 0 ? least : infinity;
  partial.greatest = partial.counted > 0 ? greatest : -infinity;
  return partial;
}

/** The first counted, finite value; any one serves, and it makes a constant image's sums zero. */
HWY_ATTR double firstValue(const StatisticsArgs& args, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    if (args.mask != nullptr && args.mask[i] == 0) continue;
    double value = 0;
    loadBlock(args.type, args.image, i, 1, &value);
    if (value - value == 0) return value;
  }
  return 0;
}

}  // namespace

void statisticsCpu(const StatisticsArgs& args, Context& context, const Workspace& workspace) {
  const int64_t count = args.depth * args.height * args.width;
  const int64_t chunks = chunkCount(count, kChunk);
  const double shift = firstValue(args, count);
  StatisticsPartial* partials = workspace.as<StatisticsPartial>();
  parallelFor(context, chunks, [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(count, kChunk, chunk);
    partials[chunk] = args.mask != nullptr ? sumRange<true>(args, shift, range.begin, range.end)
                                           : sumRange<false>(args, shift, range.begin, range.end);
  });
  StatisticsPartial all{};
  all.least = __builtin_inf();
  all.greatest = -__builtin_inf();
  for (int64_t chunk = 0; chunk < chunks; ++chunk) addPartial(all, partials[chunk]);
  finishStatistics(all, shift, args.weightFloor == args.weightFloor, args.values);
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(statisticsCpu);

int64_t statisticsCpuWorkspaceBytes(const StatisticsArgs& args) {
  return chunkCount(args.depth * args.height * args.width, 32768) *
         static_cast<int64_t>(sizeof(StatisticsPartial));
}

}  // namespace vk
#endif
