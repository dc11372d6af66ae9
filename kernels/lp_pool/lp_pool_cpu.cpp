#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lp_pool/lp_pool_cpu.cpp"
#include "core/simd_begin.h"
#include "hwy/contrib/math/math-inl.h"
#include "lp_pool/lp_pool.h"
#include "pool/pool_rows-inl.h"
#include "pool/pool_spread-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** x^exponent for x of 0 or more; the exponents that networks use without a logarithm. */
template <class D>
HWY_ATTR hn::Vec<D> power(D d, hn::Vec<D> x, float exponent) {
  if (exponent == 1) return x;
  if (exponent == 2) return hn::Mul(x, x);
  if (exponent == 0.5f) return hn::Sqrt(x);
  if (exponent == 0) return hn::Set(d, 1.0f);
  // What the logarithm does not take: 0, infinity and NaN.
  const auto infinity = hn::Set(d, __builtin_inff());
  const auto zero = hn::Zero(d);
  const auto ordinary = hn::And(hn::Gt(x, zero), hn::Lt(x, infinity));
  const auto safe = hn::IfThenElse(ordinary, x, hn::Set(d, 1.0f));
  // Products beyond what the exponential takes are infinity or 0.
  const auto product = hn::Mul(hn::Set(d, exponent), hn::Log(d, safe));
  const auto fits = hn::Min(hn::Max(product, hn::Set(d, -104.0f)), hn::Set(d, 88.7f));
  const auto result =
      hn::IfThenElse(hn::Gt(product, hn::Set(d, 88.72283f)), infinity, hn::Exp(d, fits));
  const auto edge =
      hn::IfThenElse(hn::Eq(x, zero), exponent > 0 ? zero : infinity,
                     hn::IfThenElse(hn::Eq(x, infinity), exponent > 0 ? infinity : zero, x));
  return hn::IfThenElse(ordinary, result, edge);
}

struct Powers {
  static constexpr float kOutside = 0;
  float p;

  template <class D>
  HWY_ATTR hn::Vec<D> load(D d, hn::Vec<D> value) const {
    return power(d, hn::Abs(value), p);
  }
  template <class D>
  HWY_ATTR hn::Vec<D> combine(D, hn::Vec<D> sum, hn::Vec<D> value) const {
    return hn::Add(sum, value);
  }
};

HWY_ATTR void lpPoolCpu(const LpPoolArgs& args, Context& context, const Workspace& workspace) {
  const float* const input = static_cast<const float*>(args.input);
  float* const output = static_cast<float*>(args.output);
  const Powers powers{static_cast<float>(args.p)};
  const float root = static_cast<float>(1 / args.p);
  const int64_t floats = poolRowFloats(args);
  const PoolRows rows(args, input, output);
  eachOutputRow(
      args, context, workspace, floats,
      [&](float* scratch) HWY_ATTR { fillRow(scratch, floats, Powers::kOutside); },
      [&](const PoolRow& row, float* scratch) HWY_ATTR {
        rows.pool(powers, row, scratch,
                  [&](auto d, auto sum, int64_t) HWY_ATTR { return power(d, sum, root); });
      });
}

template <class D>
HWY_ATTR hn::Vec<D> loadWithin(D d, const float* from, int64_t count) {
  return count >= static_cast<int64_t>(hn::Lanes(d))
             ? hn::LoadU(d, from)
             : hn::MaskedLoad(hn::FirstN(d, static_cast<size_t>(count)), d, from);
}

HWY_ATTR void lpPoolGradientCpu(const LpPoolGradientArgs& args, Context& context,
                                const Workspace& workspace) {
  const float* const input = static_cast<const float*>(args.input);
  const float* const output = static_cast<const float*>(args.output);
  const float* const upstream = static_cast<const float*>(args.upstream);
  const float exponent = static_cast<float>(args.p - 1);
  const int64_t outWidth = args.outSize[2], width = args.inSize[2];
  eachInputRow(
      args, context, workspace, poolSpreadFloats(args), [](float*) HWY_ATTR {},
      [&](const PoolRow& row, float* scratch) HWY_ATTR {
        const hn::ScalableTag<float> d;
        const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
        eachRowAbove(args, row, [&](int64_t, int64_t, int64_t index) HWY_ATTR {
          const float* const norms = output + index * outWidth;
          addScaled(upstream + index * outWidth, outWidth, spreadOutputs(args, scratch),
                    [&](auto value, int64_t x) HWY_ATTR {
                      const auto norm = loadWithin(d, norms + x, outWidth - x);
                      return hn::IfThenZeroElse(hn::Eq(norm, hn::Zero(d)),
                                                hn::Div(value, power(d, norm, exponent)));
                    });
        });
        float* const gradient = static_cast<float*>(args.gradient) + row.index * width;
        spreadRow(args, scratch, gradient);
        for (int64_t x = 0; x < width; x += lanes) {
          const auto value = loadWithin(d, input + row.index * width + x, width - x);
          const auto slope = hn::CopySign(power(d, hn::Abs(value), exponent), value);
          const auto sum = loadWithin(d, gradient + x, width - x);
          storeWithin(d, hn::IfThenZeroElse(hn::Eq(value, hn::Zero(d)), hn::Mul(slope, sum)),
                      width - x, gradient + x);
        }
      });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(lpPoolCpu);
VK_SIMD_TABLE(lpPoolGradientCpu);

}  // namespace vk
#endif
