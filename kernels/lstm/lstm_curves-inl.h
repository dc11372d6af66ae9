// Vectors with operators, and the curves of recurrent layers on them. Included after
// core/simd_begin.h, once an instruction set.
//
// Absolute error against f64 below 1.2e-7 (sigmoid) and 2e-7 (hyperbolic tangent); NaN stays NaN.
#include <hwy/contrib/math/math-inl.h>

#if defined(VK_LSTM_CURVES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_LSTM_CURVES_INL_H
#undef VK_LSTM_CURVES_INL_H
#else
#define VK_LSTM_CURVES_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class D>
struct Lanes {
  hn::Vec<D> values;
};

template <class D>
HWY_ATTR HWY_INLINE Lanes<D> operator+(Lanes<D> a, Lanes<D> b) {
  return {hn::Add(a.values, b.values)};
}
template <class D>
HWY_ATTR HWY_INLINE Lanes<D> operator-(Lanes<D> a, Lanes<D> b) {
  return {hn::Sub(a.values, b.values)};
}
template <class D>
HWY_ATTR HWY_INLINE Lanes<D> operator*(Lanes<D> a, Lanes<D> b) {
  return {hn::Mul(a.values, b.values)};
}

/** 0 where there is nothing to load. */
template <class D>
HWY_ATTR HWY_INLINE Lanes<D> lanesAt(D d, const float* from) {
  return {from != nullptr ? hn::LoadU(d, from) : hn::Zero(d)};
}
template <class D>
HWY_ATTR HWY_INLINE void storeLanes(D d, Lanes<D> lanes, float* to) {
  hn::StoreU(lanes.values, d, to);
}

template <class D>
HWY_ATTR HWY_INLINE Lanes<D> oneMinus(Lanes<D> x) {
  return {hn::Sub(hn::Set(D(), 1.0f), x.values)};
}

/** 1 / (1 + exp(-x)); beyond +-87 the exponential leaves the range of f32. */
template <class D>
HWY_ATTR HWY_INLINE Lanes<D> sigmoid(Lanes<D> x) {
  const D d;
  const auto one = hn::Set(d, 1.0f);
  const auto limit = hn::Set(d, 87.0f);
  const auto kept = hn::Max(hn::Min(x.values, limit), hn::Neg(limit));
  const auto curve = hn::Div(one, hn::Add(one, hn::Exp(d, hn::Neg(kept))));
  return {hn::IfThenElse(hn::IsNaN(x.values), x.values, curve)};
}

template <class D>
HWY_ATTR HWY_INLINE Lanes<D> hyperbolicTangent(Lanes<D> x) {
  const D d;
  const auto limit = hn::Set(d, 10.0f);
  const auto kept = hn::Max(hn::Min(x.values, limit), hn::Neg(limit));
  return {hn::IfThenElse(hn::IsNaN(x.values), x.values, hn::Tanh(d, kept))};
}

#include "lstm/lstm_math.h"

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
