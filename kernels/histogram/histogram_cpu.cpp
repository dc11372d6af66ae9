#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "histogram/histogram_cpu.cpp"
#include "core/simd_begin.h"
#include "core/simd_blocks.h"
#include "histogram/histogram.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace {

using D = hn::ScalableTag<double>;

// Voxels in turn count into this many histograms, so that runs of equal values do not wait for the
// increment before.
constexpr int64_t kWays = 4;

/** Where each value of a block counts: 0 below the range, 1 + bin, bins + 1 above it, bins + 2 for
 * one that does not count. */
HWY_ATTR void binsOfBlock(const double* block, const uint8_t* mask, int64_t count,
                          const HistogramArgs& args, double binsPerUnit, int32_t* bin) {
  const D d;
  const hn::Rebind<int32_t, D> di;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto low = hn::Set(d, args.low);
  const auto high = hn::Set(d, args.high);
  const auto one = hn::Set(d, 1.0);
  const auto last = hn::Set(d, static_cast<double>(args.bins));
  const auto above = hn::Set(d, static_cast<double>(args.bins + 1));
  const auto none = hn::Set(d, static_cast<double>(args.bins + 2));
  // The block is padded, so whole vectors may be computed.
  for (int64_t i = 0; i < count; i += lanes) {
    const auto value = hn::LoadU(d, block + i);
    const auto inRange = hn::And(hn::Ge(value, low), hn::Le(value, high));
    const auto position = hn::Mul(hn::Sub(value, low), hn::Set(d, binsPerUnit));
    // One is added to a whole number: below one, the sum could round up to the next bin.
    const auto inside = hn::Min(hn::Add(hn::Trunc(position), one), last);
    const auto outside = hn::IfThenElse(hn::Lt(value, low), hn::Zero(d),
                                        hn::IfThenElse(hn::Gt(value, high), above, none));
    const auto chosen = hn::IfThenElse(inRange, inside, outside);
    hn::StoreU(hn::DemoteTo(di, chosen), di, bin + i);
  }
  if (mask == nullptr) return;
  const int32_t skipped = static_cast<int32_t>(args.bins + 2);
  for (int64_t i = 0; i < count; ++i) bin[i] = mask[i] != 0 ? bin[i] : skipped;
}

HWY_ATTR void countRange(const HistogramArgs& args, double binsPerUnit, int64_t begin, int64_t end,
                         uint32_t* counts, int64_t stride) {
  constexpr int64_t kPadding = static_cast<int64_t>(hn::MaxLanes(D()));
  alignas(64) double block[kBlock + kPadding] = {};
  alignas(64) int32_t bin[kBlock + kPadding];
  for (int64_t i = begin; i < end; i += kBlock) {
    const int64_t count = i + kBlock < end ? kBlock : end - i;
    loadBlock(args.type, args.image, i, count, block);
    binsOfBlock(block, args.mask == nullptr ? nullptr : args.mask + i, count, args, binsPerUnit,
                bin);
    int64_t k = 0;
    for (; k + kWays <= count; k += kWays) {
      ++counts[bin[k]];
      ++counts[stride + bin[k + 1]];
      ++counts[2 * stride + bin[k + 2]];
      ++counts[3 * stride + bin[k + 3]];
    }
    for (; k < count; ++k) ++counts[bin[k]];
  }
}

/** Voxels are dealt to this many histograms; it depends on the problem alone. */
HWY_ATTR int64_t groupCount(int64_t count, int64_t bins) {
  const int64_t byMemory = (int64_t{1} << 18) / (bins + 3);
  int64_t groups = byMemory < 2 ? 2 : byMemory > 64 ? 64 : byMemory;
  const int64_t blocks = (count + 16383) / 16384;
  groups = blocks < groups ? blocks : groups;
  // Counts are 32 bits wide.
  const int64_t least = (count >> 31) + 1;
  return groups < least ? least : groups;
}

}  // namespace

void histogramCpu(const HistogramArgs& args, Context& context, const Workspace& workspace) {
  const int64_t groups = groupCount(args.count, args.bins);
  const int64_t stride = args.bins + 3;
  const int64_t perGroup = (args.count + groups - 1) / groups;
  const double binsPerUnit = static_cast<double>(args.bins) / (args.high - args.low);
  uint32_t* const counts = workspace.as<uint32_t>();
  parallelFor(context, groups, [&](int64_t group) HWY_ATTR {
    uint32_t* const own = counts + group * kWays * stride;
    for (int64_t i = 0; i < kWays * stride; ++i) own[i] = 0;
    const int64_t begin = group * perGroup;
    const int64_t end = begin + perGroup < args.count ? begin + perGroup : args.count;
    countRange(args, binsPerUnit, begin, end, own, stride);
  });
  for (int64_t bin = 0; bin < args.bins + 2; ++bin) args.counts[bin] = 0;
  for (int64_t way = 0; way < groups * kWays; ++way) {
    for (int64_t bin = 0; bin < args.bins + 2; ++bin)
      args.counts[bin] += counts[way * stride + bin];
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(histogramCpu);

int64_t histogramCpuWorkspaceBytes(const HistogramArgs& args) {
  return HWY_STATIC_DISPATCH(groupCount)(args.count, args.bins) * 4 * (args.bins + 3) *
         static_cast<int64_t>(sizeof(uint32_t));
}

}  // namespace vk
#endif
