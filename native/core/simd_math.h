// Elementary functions of f32 vectors, and loops over rows whose length is no multiple of a vector.
// Polynomials are minimax fits of our own; the bounds are measured against f64 by
// tests/cases/activation.txt. Included after core/simd_begin.h, once an instruction set.
#if defined(VK_CORE_SIMD_MATH_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_CORE_SIMD_MATH_H
#undef VK_CORE_SIMD_MATH_H
#else
#define VK_CORE_SIMD_MATH_H
#endif

#include <hwy/cache_control.h>

#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** A whole vector of a row; `only` replaces the lanes that are no elements. */
template <class D>
struct WholeVector {
  D d;
  HWY_ATTR HWY_INLINE hn::Vec<D> load(const float* from) const { return hn::LoadU(d, from); }
  HWY_ATTR HWY_INLINE void store(hn::Vec<D> values, float* to) const { hn::StoreU(values, d, to); }
  HWY_ATTR HWY_INLINE hn::Vec<D> only(hn::Vec<D> values, hn::Vec<D>) const { return values; }
};

/** The last `count` elements of a row, fewer than a vector's; the other lanes hold zeros. */
template <class D>
struct PartVector {
  D d;
  int64_t count;
  HWY_ATTR HWY_INLINE hn::Vec<D> load(const float* from) const {
    HWY_ALIGN float lanes[hn::MaxLanes(D())] = {};
    for (int64_t i = 0; i < count; ++i) lanes[i] = from[i];
    return hn::Load(d, lanes);
  }
  HWY_ATTR HWY_INLINE void store(hn::Vec<D> values, float* to) const {
    HWY_ALIGN float lanes[hn::MaxLanes(D())];
    hn::Store(values, d, lanes);
    for (int64_t i = 0; i < count; ++i) to[i] = lanes[i];
  }
  HWY_ATTR HWY_INLINE hn::Vec<D> only(hn::Vec<D> values, hn::Vec<D> otherwise) const {
    return hn::IfThenElse(hn::FirstN(d, static_cast<size_t>(count)), values, otherwise);
  }
};

/** body(i, vector) for the first element of every vector of a row of `count`; `vector` loads and
 * stores there. */
template <class D, class Body>
HWY_ATTR HWY_INLINE void forEachVector(D d, int64_t count, Body&& body) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) body(i, WholeVector<D>{d});
  if (i < count) body(i, PartVector<D>{d, count - i});
}

/** Row elements written past the caches, where the row lies on a vector's boundary: a large output
 * that is not read soon need not be fetched before it is overwritten. */
template <class D>
struct StreamedVector {
  D d;
  HWY_ATTR HWY_INLINE hn::Vec<D> load(const float* from) const { return hn::LoadU(d, from); }
  HWY_ATTR HWY_INLINE void store(hn::Vec<D> values, float* to) const { hn::Stream(values, d, to); }
};

/** forEachVector for a body that stores to `output` only, at the same element: past the caches. */
template <class D, class Body>
HWY_ATTR HWY_INLINE void forEachStreamedVector(D d, const float* output, int64_t count,
                                               Body&& body) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t beyond =
      static_cast<int64_t>(reinterpret_cast<uintptr_t>(output) / sizeof(float)) % lanes;
  int64_t i = beyond == 0 ? 0 : lanes - beyond < count ? lanes - beyond : count;
  if (i > 0) body(int64_t{0}, PartVector<D>{d, i});
  for (; i + lanes <= count; i += lanes) body(i, StreamedVector<D>{d});
  if (i < count) body(i, PartVector<D>{d, count - i});
  hwy::FlushStream();
}

/** From this many bytes on an output is written past the caches, unless it is the input too. */
constexpr int64_t kStreamedBytes = int64_t{1} << 24;

/** x, or the bound where it lies beyond; NaN stays. */
template <class D, class V>
HWY_ATTR HWY_INLINE V atLeast(D d, V x, float bound) {
  const V limit = hn::Set(d, bound);
  return hn::IfThenElse(hn::Lt(x, limit), limit, x);
}
template <class D, class V>
HWY_ATTR HWY_INLINE V atMost(D d, V x, float bound) {
  const V limit = hn::Set(d, bound);
  return hn::IfThenElse(hn::Gt(x, limit), limit, x);
}

/** x = k ln 2 + r with |r| <= ln 2 / 2 and a whole k, for |x| < 2^20. */
template <class D>
struct PowerOfTwo {
  hn::Vec<D> r;
  hn::Vec<hn::RebindToSigned<D>> k;
};

template <class D, class V>
HWY_ATTR HWY_INLINE PowerOfTwo<D> splitPower(D d, V x) {
  const hn::RebindToSigned<D> di;
  // Added to a small number, 1.5 * 2^23 leaves it rounded to whole in the last bits; no conversion,
  // so NaN does no harm.
  const V magic = hn::Set(d, 12582912.0f);
  const V shifted = hn::MulAdd(x, hn::Set(d, 1.44269504f), magic);
  const V whole = hn::Sub(shifted, magic);
  // ln 2 in two parts, the first of so few bits that its product with k is exact.
  V r = hn::NegMulAdd(whole, hn::Set(d, 0.693145752f), x);
  r = hn::NegMulAdd(whole, hn::Set(d, 1.42860677e-6f), r);
  return {r, hn::Sub(hn::BitCast(di, shifted), hn::Set(di, 0x4B400000))};
}

/** 2^k for -126 <= k <= 127. */
template <class D, class VI>
HWY_ATTR HWY_INLINE hn::Vec<D> powerOfTwo(D d, VI k) {
  const hn::RebindToSigned<D> di;
  return hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(k, hn::Set(di, 127))));
}

/** e^r - 1 for |r| <= ln 2 / 2. */
template <class D, class V>
HWY_ATTR HWY_INLINE V expm1Small(D d, V r) {
  V q = hn::MulAdd(hn::Set(d, 0.0013814009726f), r, hn::Set(d, 0.0083690006286f));
  q = hn::MulAdd(q, r, hn::Set(d, 0.0416684150696f));
  q = hn::MulAdd(q, r, hn::Set(d, 0.1666651815176f));
  q = hn::MulAdd(q, r, hn::Set(d, 0.4999999403954f));
  return hn::MulAdd(hn::Mul(r, r), q, r);
}

/** e^x: within 1.5 ulp; infinite and 0 beyond the range, subnormal numbers included. */
template <class D, class V>
HWY_ATTR HWY_INLINE V expOf(D d, V x) {
  const PowerOfTwo<D> power = splitPower(d, atMost(d, atLeast(d, x, -104.0f), 89.0f));
  const V small = hn::Add(expm1Small(d, power.r), hn::Set(d, 1.0f));
  // In two steps: 2^k alone would leave the range.
  const auto half = hn::ShiftRight<1>(power.k);
  const auto rest = hn::Sub(power.k, half);
  return hn::Mul(hn::Mul(small, powerOfTwo(d, half)), powerOfTwo(d, rest));
}

/** e^x - 1 for x <= 0: within 2 ulp. */
template <class D, class V>
HWY_ATTR HWY_INLINE V expm1OfNegative(D d, V x) {
  const PowerOfTwo<D> power = splitPower(d, atLeast(d, x, -20.0f));
  const V scale = powerOfTwo(d, power.k);
  return hn::MulAdd(scale, expm1Small(d, power.r), hn::Sub(scale, hn::Set(d, 1.0f)));
}

/** ln((1 + s) / (1 - s)) for |s| <= 1/3. */
template <class D, class V>
HWY_ATTR HWY_INLINE V logOfRatio(D d, V s) {
  const V z = hn::Mul(s, s);
  V w = hn::MulAdd(hn::Set(d, 0.2801333367825f), z, hn::Set(d, 0.2800155282021f));
  w = hn::MulAdd(w, z, hn::Set(d, 0.4002154171467f));
  w = hn::MulAdd(w, z, hn::Set(d, 0.6666641831398f));
  return hn::MulAdd(hn::Mul(s, z), w, hn::Add(s, s));
}

/** ln(1 + x) for 0 <= x <= 1: within 3 ulp. */
template <class D, class V>
HWY_ATTR HWY_INLINE V log1pOfUnit(D d, V x) {
  return logOfRatio(d, hn::Div(x, hn::Add(x, hn::Set(d, 2.0f))));
}

/** ln x for normal x > 0: within 2 ulp. NaN stays. Infinity gives itself. */
template <class D, class V>
HWY_ATTR HWY_INLINE V logOf(D d, V x) {
  const hn::RebindToSigned<D> di;
  // x = 2^e m with m in [sqrt(1/2), sqrt(2)).
  const auto bits = hn::BitCast(di, x);
  const auto e = hn::ShiftRight<23>(hn::Sub(bits, hn::Set(di, 0x3F3504F3)));
  const V m = hn::BitCast(d, hn::Sub(bits, hn::ShiftLeft<23>(e)));
  const V one = hn::Set(d, 1.0f);
  const V power = hn::ConvertTo(d, e);
  const V small = hn::MulAdd(power, hn::Set(d, 1.42860677e-6f),
                             logOfRatio(d, hn::Div(hn::Sub(m, one), hn::Add(m, one))));
  const V log = hn::MulAdd(power, hn::Set(d, 0.693145752f), small);
  return hn::IfThenElse(hn::Lt(x, hn::Set(d, __builtin_inff())), log, x);
}

/** tanh x: within 3 ulp. */
template <class D, class V>
HWY_ATTR HWY_INLINE V tanhOf(D d, V x) {
  const V e = expm1OfNegative(d, hn::Mul(hn::Abs(x), hn::Set(d, -2.0f)));
  const V magnitude = hn::Div(hn::Neg(e), hn::Add(e, hn::Set(d, 2.0f)));
  return hn::CopySign(magnitude, x);
}

/** 1 / (1 + e^-x): within 3 ulp. */
template <class D, class V>
HWY_ATTR HWY_INLINE V sigmoidOf(D d, V x) {
  const V one = hn::Set(d, 1.0f);
  const V e = expOf(d, hn::Neg(hn::Abs(x)));
  return hn::Div(hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one), hn::Add(one, e));
}

/** The normal distribution. */
template <class D>
struct Normal {
  /** Phi(x). Below zero its relative error grows with x^2, by the rounding of x^2. */
  hn::Vec<D> cumulative;
  /** phi(x). */
  hn::Vec<D> density;
};

template <class D, class V>
HWY_ATTR HWY_INLINE Normal<D> normalOf(D d, V x) {
  const V one = hn::Set(d, 1.0f);
  const V a = hn::Abs(x);
  const V square = hn::Mul(a, a);
  const V e = expOf(d, hn::Mul(square, hn::Set(d, -0.5f)));
  // Phi(-a) e^(a^2 / 2), a polynomial in this.
  const V t = hn::Div(one, hn::MulAdd(a, hn::Set(d, 0.3f), one));
  V r = hn::MulAdd(hn::Set(d, 0.0384074151516f), t, hn::Set(d, -0.1693075597286f));
  r = hn::MulAdd(r, t, hn::Set(d, 0.2289519757032f));
  r = hn::MulAdd(r, t, hn::Set(d, -0.0768398642540f));
  r = hn::MulAdd(r, t, hn::Set(d, 0.1427654027939f));
  r = hn::MulAdd(r, t, hn::Set(d, 0.0945858135819f));
  r = hn::MulAdd(r, t, hn::Set(d, 0.1219452768564f));
  r = hn::MulAdd(r, t, hn::Set(d, 0.1194842085242f));
  r = hn::MulAdd(r, t, hn::Set(d, 7.372457e-6f));
  const V tail = hn::Mul(e, r);
  return {hn::IfThenElse(hn::Lt(x, hn::Zero(d)), tail, hn::Sub(one, tail)),
          hn::Mul(e, hn::Set(d, 0.398942280f))};
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
