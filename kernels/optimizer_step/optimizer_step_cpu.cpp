#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "optimizer_step/optimizer_step_cpu.cpp"
#include "core/simd_begin.h"
#include "optimizer_step/optimizer_step.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int64_t kChunk = 65536;

/** One vector from element i on; of one lane at the end of a chunk, so that an element's bits do
 * not depend on where it lies. */
template <class D>
HWY_ATTR void sgdAt(D d, const OptimizerStepSgdArgs& args, int64_t i) {
  float* const parameter = static_cast<float*>(args.parameter) + i;
  const auto w = hn::LoadU(d, parameter);
  auto direction = hn::LoadU(d, static_cast<const float*>(args.gradient) + i);
  if (args.decay != 0) direction = hn::MulAdd(hn::Set(d, float(args.decay)), w, direction);
  if (args.velocity != nullptr) {
    float* const velocity = static_cast<float*>(args.velocity) + i;
    const auto momentum = hn::Set(d, float(args.momentum));
    const auto v = hn::MulAdd(momentum, hn::LoadU(d, velocity),
                              hn::Mul(hn::Set(d, float(args.share)), direction));
    hn::StoreU(v, d, velocity);
    direction = args.nesterov ? hn::MulAdd(momentum, v, direction) : v;
  }
  hn::StoreU(hn::NegMulAdd(hn::Set(d, float(args.rate)), direction, w), d, parameter);
}

template <class D>
HWY_ATTR void adamAt(D d, const OptimizerStepAdamArgs& args, int64_t i) {
  float* const parameter = static_cast<float*>(args.parameter) + i;
  float* const mean = static_cast<float*>(args.mean) + i;
  float* const square = static_cast<float*>(args.square) + i;
  const auto w = hn::LoadU(d, parameter);
  auto g = hn::LoadU(d, static_cast<const float*>(args.gradient) + i);
  if (args.decay != 0) g = hn::MulAdd(hn::Set(d, float(args.decay)), w, g);
  const auto m = hn::MulAdd(hn::Set(d, float(args.beta1)), hn::LoadU(d, mean),
                            hn::Mul(hn::Set(d, float(args.share1)), g));
  const auto s = hn::MulAdd(hn::Set(d, float(args.beta2)), hn::LoadU(d, square),
                            hn::Mul(hn::Mul(hn::Set(d, float(args.share2)), g), g));
  hn::StoreU(m, d, mean);
  hn::StoreU(s, d, square);
  const auto deviation =
      hn::MulAdd(hn::Set(d, float(args.unbias)), hn::Sqrt(s), hn::Set(d, float(args.epsilon)));
  const auto shrunk = hn::Mul(hn::Set(d, float(args.shrink)), w);
  hn::StoreU(hn::NegMulAdd(hn::Set(d, float(args.rate)), hn::Div(m, deviation), shrunk), d,
             parameter);
}

}  // namespace

void optimizerStepSgdCpu(const OptimizerStepSgdArgs& args, Context& context, const Workspace&) {
  parallelFor(context, chunkCount(args.count, kChunk), [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(args.count, kChunk, chunk);
    const hn::ScalableTag<float> d;
    const hn::CappedTag<float, 1> one;
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
    int64_t i = range.begin;
    for (; i + lanes <= range.end; i += lanes) sgdAt(d, args, i);
    for (; i < range.end; ++i) sgdAt(one, args, i);
  });
}

void optimizerStepAdamCpu(const OptimizerStepAdamArgs& args, Context& context, const Workspace&) {
  parallelFor(context, chunkCount(args.count, kChunk), [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(args.count, kChunk, chunk);
    const hn::ScalableTag<float> d;
    const hn::CappedTag<float, 1> one;
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
    int64_t i = range.begin;
    for (; i + lanes <= range.end; i += lanes) adamAt(d, args, i);
    for (; i < range.end; ++i) adamAt(one, args, i);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(optimizerStepSgdCpu);
VK_SIMD_TABLE(optimizerStepAdamCpu);

}  // namespace vk
#endif
