#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "unary/unary_cpu.cpp"
#include "core/simd_begin.h"
#include "unary/unary.h"
#include "unary/unary_functions-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace {

constexpr int64_t kChunk = 32768;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

/** y = f(x), or dy f'(x) where the functor takes two. */
template <class Functor>
HWY_ATTR void overValues(const Functor& functor, const float* x, const float* dy, int64_t count,
                         float* y) {
  const D d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::StoreU(functor(hn::LoadU(d, x + i), dy == nullptr ? hn::Zero(d) : hn::LoadU(d, dy + i)), d,
               y + i);
  }
  if (i == count) return;
  float lastX[hn::MaxLanes(D())] = {}, lastDy[hn::MaxLanes(D())] = {};
  for (int64_t k = 0; i + k < count; ++k) {
    lastX[k] = x[i + k];
    lastDy[k] = dy == nullptr ? 0 : dy[i + k];
  }
  hn::StoreU(functor(hn::LoadU(d, lastX), hn::LoadU(d, lastDy)), d, lastX);
  for (int64_t k = 0; i + k < count; ++k) y[i + k] = lastX[k];
}

template <vk_unary_function kFunction>
struct Value {
  V low;
  V high;
  HWY_ATTR V operator()(V x, V) const {
    return unary_functions::valueOf<kFunction>(D(), x, low, high);
  }
};

template <vk_unary_function kFunction>
struct Gradient {
  V low;
  V high;
  HWY_ATTR V operator()(V x, V dy) const {
    return unary_functions::gradientOf<kFunction>(D(), x, dy, low, high);
  }
};

template <template <vk_unary_function> class Functor>
HWY_ATTR void dispatch(vk_unary_function function, float low, float high, const float* x,
                       const float* dy, int64_t count, float* y) {
  const D d;
  const V lows = hn::Set(d, low);
  const V highs = hn::Set(d, high);
  switch (function) {
#define VK_UNARY_CASE(name) \
  case name:                \
    return overValues(Functor<name>{lows, highs}, x, dy, count, y);
    VK_UNARY_CASE(VK_UNARY_NEGATE)
    VK_UNARY_CASE(VK_UNARY_ABSOLUTE)
    VK_UNARY_CASE(VK_UNARY_SIGN)
    VK_UNARY_CASE(VK_UNARY_FLOOR)
    VK_UNARY_CASE(VK_UNARY_CEIL)
    VK_UNARY_CASE(VK_UNARY_ROUND)
    VK_UNARY_CASE(VK_UNARY_SQRT)
    VK_UNARY_CASE(VK_UNARY_RECIPROCAL_SQRT)
    VK_UNARY_CASE(VK_UNARY_RECIPROCAL)
    VK_UNARY_CASE(VK_UNARY_EXP)
    VK_UNARY_CASE(VK_UNARY_EXPM1)
    VK_UNARY_CASE(VK_UNARY_LOG)
    VK_UNARY_CASE(VK_UNARY_LOG1P)
    VK_UNARY_CASE(VK_UNARY_ERF)
    VK_UNARY_CASE(VK_UNARY_CLIP)
#undef VK_UNARY_CASE
    default:
      return;
  }
}

/** The exponent's bits are all set: NaN where more are, infinity where none are. */
HWY_ATTR void testValues(bool wantsNan, const float* x, int64_t count, uint8_t* y) {
  for (int64_t i = 0; i < count; ++i) {
    uint32_t bits;
    __builtin_memcpy(&bits, x + i, sizeof bits);
    const uint32_t magnitude = bits & 0x7FFFFFFFu;
    y[i] = wantsNan ? magnitude > 0x7F800000u : magnitude == 0x7F800000u;
  }
}

}  // namespace

void unaryCpu(const UnaryArgs& args, Context& context, const Workspace&) {
  parallelFor(context, chunkCount(args.count, kChunk), [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(args.count, kChunk, chunk);
    const int64_t count = range.end - range.begin;
    const float* const x = static_cast<const float*>(args.input) + range.begin;
    if (args.function == VK_UNARY_IS_NAN || args.function == VK_UNARY_IS_INF) {
      testValues(args.function == VK_UNARY_IS_NAN, x, count,
                 static_cast<uint8_t*>(args.output) + range.begin);
      return;
    }
    float* const y = static_cast<float*>(args.output) + range.begin;
    if (isLibraryFunction(args.function)) return libraryValues(args.function, x, count, y);
    dispatch<Value>(args.function, static_cast<float>(args.low), static_cast<float>(args.high), x,
                    nullptr, count, y);
  });
}

void unaryGradientCpu(const UnaryGradientArgs& args, Context& context, const Workspace&) {
  parallelFor(context, chunkCount(args.count, kChunk), [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(args.count, kChunk, chunk);
    const int64_t count = range.end - range.begin;
    const float* const x = static_cast<const float*>(args.input) + range.begin;
    const float* const dy = static_cast<const float*>(args.outputGradient) + range.begin;
    float* const dx = static_cast<float*>(args.inputGradient) + range.begin;
    if (isLibraryFunction(args.function)) return libraryGradient(args.function, x, dy, count, dx);
    dispatch<Gradient>(args.function, static_cast<float>(args.low), static_cast<float>(args.high),
                       x, dy, count, dx);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(unaryCpu);
VK_SIMD_TABLE(unaryGradientCpu);

}  // namespace vk
#endif
