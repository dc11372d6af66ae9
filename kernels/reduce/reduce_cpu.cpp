#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "reduce/reduce_cpu.cpp"
#include "core/simd_begin.h"
#include "reduce/reduce_tiles-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace {

constexpr int64_t kChunk = 32768;

using DF = hn::ScalableTag<float>;
using VF = hn::Vec<DF>;

/** dinput of one vector: x, the output y and its gradient dy. */
HWY_INLINE HWY_ATTR VF gradientOf(vk_reduction reduction, float ofMean, VF x, VF y, VF dy) {
  const DF d;
  const auto zero = hn::Zero(d);
  switch (reduction) {
    case VK_REDUCTION_MEAN:
      return hn::Mul(dy, hn::Set(d, ofMean));
    case VK_REDUCTION_L1: {
      const auto signedGradient = hn::IfThenElse(hn::Lt(x, zero), hn::Neg(dy), dy);
      // NaN stays: 0 times it.
      return hn::IfThenElse(hn::Or(hn::Lt(x, zero), hn::Gt(x, zero)), signedGradient,
                            hn::Mul(x, dy));
    }
    case VK_REDUCTION_L2:
      return hn::IfThenZeroElse(hn::Eq(y, zero), hn::Mul(dy, hn::Div(x, y)));
    case VK_REDUCTION_SUM_SQUARE:
      return hn::Mul(dy, hn::Add(x, x));
    case VK_REDUCTION_LOG_SUM:
      return hn::Mul(
          dy, hn::Exp(d, hn::Min(hn::Max(hn::Neg(y), hn::Set(d, -104.0f)), hn::Set(d, 104.0f))));
    case VK_REDUCTION_LOG_SUM_EXP: {
      const auto difference = hn::Sub(x, y);
      const auto share =
          hn::Exp(d, hn::Min(hn::Max(difference, hn::Set(d, -104.0f)), hn::Set(d, 104.0f)));
      return hn::Mul(dy, hn::IfThenElse(hn::Eq(difference, difference), share, difference));
    }
    default:
      return dy;
  }
}

HWY_ATTR void gradientRun(const ReduceGradientArgs& args, float ofMean, int64_t first,
                          const int64_t* offsets, int64_t count) {
  const DF d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const float* const x = static_cast<const float*>(args.input) + offsets[0];
  const float* const y = static_cast<const float*>(args.output) + offsets[1];
  const float* const dy = static_cast<const float*>(args.outputGradient) + offsets[2];
  float* const dx = static_cast<float*>(args.inputGradient) + first;
  const bool scalar = args.shape.isScalar(1);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const VF yi = scalar ? hn::Set(d, *y) : hn::LoadU(d, y + i);
    const VF dyi = scalar ? hn::Set(d, *dy) : hn::LoadU(d, dy + i);
    hn::StoreU(gradientOf(args.reduction, ofMean, hn::LoadU(d, x + i), yi, dyi), d, dx + i);
  }
  if (i == count) return;
  float lastX[hn::MaxLanes(DF())] = {}, lastY[hn::MaxLanes(DF())] = {},
        lastDy[hn::MaxLanes(DF())] = {};
  for (int64_t k = 0; i + k < count; ++k) {
    lastX[k] = x[i + k];
    lastY[k] = y[scalar ? 0 : i + k];
    lastDy[k] = dy[scalar ? 0 : i + k];
  }
  hn::StoreU(gradientOf(args.reduction, ofMean, hn::LoadU(d, lastX), hn::LoadU(d, lastY),
                        hn::LoadU(d, lastDy)),
             d, lastX);
  for (int64_t k = 0; i + k < count; ++k) dx[i + k] = lastX[k];
}

}  // namespace

void reduceCpu(const ReduceArgs& args, Context& context, const Workspace& workspace) {
  const RunSource source{static_cast<const float*>(args.input), nullptr, nullptr};
  reduceTiles(context, args.layout, args.reduction, source, static_cast<float*>(args.output),
              workspace.as<double>());
}

void reduceGradientCpu(const ReduceGradientArgs& args, Context& context, const Workspace&) {
  const ReduceLayout& layout = args.layout;
  if (args.reduction == VK_REDUCTION_MAX || args.reduction == VK_REDUCTION_MIN ||
      args.reduction == VK_REDUCTION_PRODUCT) {
    const int64_t aChunk = layout.reducedCount >= kChunk ? 1
                           : layout.reducedCount == 0    ? kChunk
                                                         : kChunk / layout.reducedCount;
    parallelFor(context, chunkCount(layout.outputs, aChunk), [&](int64_t chunk) HWY_ATTR {
      const Range range = chunkRange(layout.outputs, aChunk, chunk);
      reduceSharedGradient(args, range.begin, range.end);
    });
    return;
  }
  const float ofMean = static_cast<float>(1.0 / static_cast<double>(layout.reducedCount));
  parallelFor(context, chunkCount(args.shape.count, kChunk), [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(args.shape.count, kChunk, chunk);
    forEachRun(args.shape, range.begin, range.end,
               [&](int64_t first, const int64_t* offsets, int64_t count)
                   HWY_ATTR { gradientRun(args, ofMean, first, offsets, count); });
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(reduceCpu);
VK_SIMD_TABLE(reduceGradientCpu);

}  // namespace vk
#endif
