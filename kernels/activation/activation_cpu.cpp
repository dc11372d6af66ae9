#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "activation/activation_cpu.cpp"
#include "core/simd_begin.h"
#include "activation/activation.h"
#include "core/simd_math.h"
#include "activation/activation_formulas-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {

constexpr int64_t kChunk = 65536;

void activationForwardCpu(const ActivationArgs& args, Context& context, const Workspace&) {
  const float* const input = static_cast<const float*>(args.input);
  float* const output = static_cast<float*>(args.output);
  const bool streams = input != output && args.count * int64_t{4} >= kStreamedBytes;
  withFormula(args, [&](auto formula) HWY_ATTR {
    parallelFor(context, chunkCount(args.count, kChunk), [&](int64_t chunk) HWY_ATTR {
      const hn::ScalableTag<float> d;
      const Range range = chunkRange(args.count, kChunk, chunk);
      const float* const x = input + range.begin;
      float* const y = output + range.begin;
      const auto body = [&](int64_t i, auto vector)
                            HWY_ATTR { vector.store(formula.value(d, vector.load(x + i)), y + i); };
      if (streams) {
        forEachStreamedVector(d, y, range.end - range.begin, body);
      } else {
        forEachVector(d, range.end - range.begin, body);
      }
    });
  });
}

void activationGradientCpu(const ActivationArgs& args, Context& context, const Workspace&) {
  const float* const input = static_cast<const float*>(args.input);
  const float* const outputGradient = static_cast<const float*>(args.outputGradient);
  float* const output = static_cast<float*>(args.output);
  withFormula(args, [&](auto formula) HWY_ATTR {
    parallelFor(context, chunkCount(args.count, kChunk), [&](int64_t chunk) HWY_ATTR {
      const hn::ScalableTag<float> d;
      const Range range = chunkRange(args.count, kChunk, chunk);
      forEachVector(d, range.end - range.begin, [&](int64_t i, auto vector) HWY_ATTR {
        const int64_t at = range.begin + i;
        const auto x = vector.load(input + at);
        const auto slope = hn::IfThenElse(hn::IsNaN(x), x, formula.derivative(d, x));
        vector.store(hn::Mul(vector.load(outputGradient + at), slope), output + at);
      });
    });
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(activationForwardCpu);
VK_SIMD_TABLE(activationGradientCpu);

}  // namespace vk
#endif
