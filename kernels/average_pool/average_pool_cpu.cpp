#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "average_pool/average_pool_cpu.cpp"
#include "core/simd_begin.h"
#include "average_pool/average_pool.h"
#include "pool/pool_rows-inl.h"
#include "pool/pool_spread-inl.h"
#include "pool/pool_sum-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** divisors[x] = what the axis x has to do with the divisor. */
HWY_ATTR void fillDivisors(const AverageArgs& args, float* divisors) {
  for (int64_t x = 0; x < args.outSize[2]; ++x) {
    divisors[x] = static_cast<float>(averageTaps(args, 2, x));
  }
}

/** The part of the divisor that is the same for a row of outputs. */
HWY_ATTR float rowDivisor(const AverageArgs& args, int64_t z, int64_t y) {
  if (args.divisor == VK_POOL_DIVISOR_GIVEN) return static_cast<float>(args.given);
  return static_cast<float>(averageTaps(args, 0, z)) * static_cast<float>(averageTaps(args, 1, y));
}

HWY_ATTR void averagePoolCpu(const AveragePoolArgs& args, Context& context,
                             const Workspace& workspace) {
  const float* const input = static_cast<const float*>(args.input);
  float* const output = static_cast<float*>(args.output);
  const Sum sum;
  const int64_t rowFloats = poolRowFloats(args);
  const PoolRows rows(args, input, output);
  eachOutputRow(
      args, context, workspace, rowFloats + poolOutputFloats(args),
      [&](float* scratch) HWY_ATTR {
        fillRow(scratch, rowFloats, Sum::kOutside);
        fillDivisors(args, scratch + rowFloats);
      },
      [&](const PoolRow& row, float* scratch) HWY_ATTR {
        const float* const divisors = scratch + rowFloats;
        const float divisor = rowDivisor(args, row.z, row.y);
        rows.pool(sum, row, scratch, [&](auto d, auto value, int64_t x) HWY_ATTR {
          return hn::Div(value, hn::Mul(hn::Set(d, divisor), hn::LoadU(d, divisors + x)));
        });
      });
}

HWY_ATTR void averagePoolGradientCpu(const AveragePoolGradientArgs& args, Context& context,
                                     const Workspace& workspace) {
  const float* const upstream = static_cast<const float*>(args.upstream);
  const int64_t spreadFloats = poolSpreadFloats(args);
  eachInputRow(
      args, context, workspace, spreadFloats + poolOutputFloats(args),
      [&](float* scratch) HWY_ATTR { fillDivisors(args, scratch + spreadFloats); },
      [&](const PoolRow& row, float* scratch) HWY_ATTR {
        const hn::ScalableTag<float> d;
        const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
        const float* const divisors = scratch + spreadFloats;
        float* const sums = spreadOutputs(args, scratch);
        eachRowAbove(args, row, [&](int64_t z, int64_t y, int64_t index) HWY_ATTR {
          const auto divisor = hn::Set(d, rowDivisor(args, z, y));
          const float* const from = upstream + index * args.outSize[2];
          addScaled(from, args.outSize[2], sums,
                    [&](auto value, int64_t) HWY_ATTR { return hn::Div(value, divisor); });
        });
        for (int64_t x = 0; x < args.outSize[2]; x += lanes) {
          const auto mean = hn::Div(hn::LoadU(d, sums + x), hn::LoadU(d, divisors + x));
          storeWithin(d, mean, args.outSize[2] - x, sums + x);
        }
        spreadRow(args, scratch, static_cast<float*>(args.gradient) + row.index * args.inSize[2]);
      });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(averagePoolCpu);
VK_SIMD_TABLE(averagePoolGradientCpu);

}  // namespace vk
#endif
