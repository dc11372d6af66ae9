// Functions of a vector of f32 and their derivatives, right for NaN, infinities and what lies
// outside a function's domain. Included after core/simd_begin.h, once an instruction set.
#include <hwy/contrib/math/math-inl.h>

#include "voxkern/tensor.h"

#if defined(VK_UNARY_UNARY_FUNCTIONS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_UNARY_UNARY_FUNCTIONS_INL_H
#undef VK_UNARY_UNARY_FUNCTIONS_INL_H
#else
#define VK_UNARY_UNARY_FUNCTIONS_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace unary_functions {
namespace hn = hwy::HWY_NAMESPACE;

/** `otherwise` where x is a number, else x. */
template <class D, class V>
HWY_INLINE HWY_ATTR V keepNan(D, V x, V otherwise) {
  return hn::IfThenElse(hn::Eq(x, x), otherwise, x);
}

/** Into the range in which Highway's exponentials hold; NaN becomes some number. */
template <class D, class V>
HWY_INLINE HWY_ATTR V forExponential(D d, V x) {
  const V number = hn::IfThenElseZero(hn::Eq(x, x), x);
  return hn::Min(hn::Max(number, hn::Set(d, -104.0f)), hn::Set(d, 104.0f));
}

template <class D, class V>
HWY_INLINE HWY_ATTR V exponential(D d, V x) {
  // At -104 f32 has 0 already.
  return keepNan(d, x, hn::Exp(d, forExponential(d, x)));
}

/** 1 or -1 with the sign of x. */
template <class D, class V>
HWY_INLINE HWY_ATTR V signedOne(D d, V x) {
  return hn::CopySign(hn::Set(d, 1.0f), x);
}

/** log(x) of x >= 0, which may be infinite, NaN elsewhere; `of` is a function that holds for
 * positive finite numbers, and 0 lies `below` the pole. */
template <class D, class V>
HWY_INLINE HWY_ATTR V withPole(D d, V x, float pole, V inside) {
  const V at = hn::Set(d, pole);
  const V infinity = hn::Inf(d);
  V result = hn::IfThenElse(hn::Eq(x, at), hn::Neg(infinity), inside);
  result = hn::IfThenElse(hn::Eq(x, infinity), infinity, result);
  return hn::IfThenElse(hn::Ge(x, at), result, hn::NaN(d));
}

/** Near 0 an odd polynomial, beyond 1 one minus the exponential of one. Both are least-squares fits
 * that were weighted towards the least greatest error: 1.2e-9 of erf below 1, 1.1e-9 beyond. */
template <class D, class V>
HWY_INLINE HWY_ATTR V errorFunction(D d, V x) {
  const auto polynomial = [d](V at, const float(&c)[7]) HWY_ATTR {
    V sum = hn::Set(d, c[6]);
    for (int i = 5; i >= 0; --i) sum = hn::MulAdd(sum, at, hn::Set(d, c[i]));
    return sum;
  };
  constexpr float kNear[7] = {
      1.1283791065216064f,   -0.3761262595653534f,    0.11283586174249649f,  -0.026853861287236214f,
      0.005188429728150368f, -0.0008011165773496032f, 7.857333548599854e-05f};
  constexpr float kFar[7] = {-7.806818008422852f,    -5.352694034576416f,
                             -0.9438853859901428f,   -0.010717751458287239f,
                             0.0024578028824180365f, -0.00015599105972796679f,
                             0.0001855751615948975f};
  const V one = hn::Set(d, 1.0f);
  const V magnitude = hn::Abs(x);
  const V near = hn::Mul(x, polynomial(hn::Mul(x, x), kNear));
  // At 4 the rest is below half a step of f32.
  const V number = hn::IfThenElseZero(hn::Eq(x, x), magnitude);
  const V at = hn::Sub(hn::Min(hn::Max(number, one), hn::Set(d, 4.0f)), hn::Set(d, 2.5f));
  const V far = hn::CopySign(hn::Sub(one, hn::Exp(d, polynomial(at, kFar))), x);
  return keepNan(d, x, hn::IfThenElse(hn::Lt(magnitude, one), near, far));
}

template <vk_unary_function kFunction, class D, class V>
HWY_INLINE HWY_ATTR V valueOf(D d, V x, V low, V high) {
  const V one = hn::Set(d, 1.0f);
  const V zero = hn::Zero(d);
  if constexpr (kFunction == VK_UNARY_NEGATE) return hn::Neg(x);
  if constexpr (kFunction == VK_UNARY_ABSOLUTE) return hn::Abs(x);
  if constexpr (kFunction == VK_UNARY_SIGN) {
    const auto apart = hn::Or(hn::Lt(x, zero), hn::Gt(x, zero));
    return hn::IfThenElse(apart, signedOne(d, x), x);
  }
  if constexpr (kFunction == VK_UNARY_FLOOR) return keepNan(d, x, hn::Floor(x));
  if constexpr (kFunction == VK_UNARY_CEIL) return keepNan(d, x, hn::Ceil(x));
  if constexpr (kFunction == VK_UNARY_ROUND) return keepNan(d, x, hn::Round(x));
  if constexpr (kFunction == VK_UNARY_SQRT) return hn::Sqrt(x);
  if constexpr (kFunction == VK_UNARY_RECIPROCAL_SQRT) return hn::Div(one, hn::Sqrt(x));
  if constexpr (kFunction == VK_UNARY_RECIPROCAL) return hn::Div(one, x);
  if constexpr (kFunction == VK_UNARY_EXP) return exponential(d, x);
  if constexpr (kFunction == VK_UNARY_EXPM1) {
    return keepNan(d, x, hn::Expm1(d, forExponential(d, x)));
  }
  if constexpr (kFunction == VK_UNARY_LOG) return withPole(d, x, 0.0f, hn::Log(d, x));
  if constexpr (kFunction == VK_UNARY_LOG1P) return withPole(d, x, -1.0f, hn::Log1p(d, x));
  if constexpr (kFunction == VK_UNARY_ERF) return errorFunction(d, x);
  if constexpr (kFunction == VK_UNARY_CLIP) {
    return keepNan(d, x, hn::Min(hn::Max(x, low), high));
  }
  return x;
}

template <vk_unary_function kFunction, class D, class V>
HWY_INLINE HWY_ATTR V gradientOf(D d, V x, V dy, V low, V high) {
  const V one = hn::Set(d, 1.0f);
  if constexpr (kFunction == VK_UNARY_NEGATE) return hn::Neg(dy);
  if constexpr (kFunction == VK_UNARY_ABSOLUTE) {
    return hn::Mul(dy, valueOf<VK_UNARY_SIGN>(d, x, low, high));
  }
  if constexpr (kFunction == VK_UNARY_SQRT) {
    return hn::Mul(dy, hn::Div(hn::Set(d, 0.5f), hn::Sqrt(x)));
  }
  if constexpr (kFunction == VK_UNARY_RECIPROCAL_SQRT) {
    return hn::Mul(dy, hn::Div(hn::Set(d, -0.5f), hn::Mul(x, hn::Sqrt(x))));
  }
  if constexpr (kFunction == VK_UNARY_RECIPROCAL) {
    const V reciprocal = hn::Div(one, x);
    return hn::Neg(hn::Mul(hn::Mul(dy, reciprocal), reciprocal));
  }
  if constexpr (kFunction == VK_UNARY_EXP || kFunction == VK_UNARY_EXPM1) {
    return hn::Mul(dy, exponential(d, x));
  }
  if constexpr (kFunction == VK_UNARY_LOG) return hn::Div(dy, x);
  if constexpr (kFunction == VK_UNARY_LOG1P) return hn::Div(dy, hn::Add(one, x));
  if constexpr (kFunction == VK_UNARY_ERF) {
    const V scale = hn::Set(d, 1.1283791670955126f);
    return hn::Mul(hn::Mul(dy, scale), exponential(d, hn::Neg(hn::Mul(x, x))));
  }
  if constexpr (kFunction == VK_UNARY_CLIP) {
    return hn::IfThenElseZero(hn::And(hn::Ge(x, low), hn::Le(x, high)), dy);
  }
  return hn::Zero(d);
}

}  // namespace unary_functions
}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
