// The functions and their slopes, chosen once a kernel. In f32 those that the CUDA library has to 3
// units of the last place; the others go through f64.
#pragma once

#include "cuda/kernel.h"
#include "voxkern/tensor.h"

namespace vk::unary {

/** body(f) with the function f of one number; not for those that write bool. */
template <class T, class Body>
__device__ inline void withFunction(vk_unary_function function, double low, double high,
                                    const Body& body) {
  switch (function) {
    case VK_UNARY_NEGATE:
      return body([](T x) { return -x; });
    case VK_UNARY_ABSOLUTE:
      return body([](T x) { return fabs(x); });
    case VK_UNARY_SIGN:
      return body([](T x) { return x > 0 ? T(1) : x < 0 ? T(-1) : x * T(0); });
    case VK_UNARY_FLOOR:
      return body([](T x) { return floor(x); });
    case VK_UNARY_CEIL:
      return body([](T x) { return ceil(x); });
    case VK_UNARY_ROUND:
      return body([](T x) { return rint(x); });
    case VK_UNARY_SQRT:
      return body([](T x) { return sqrt(x); });
    case VK_UNARY_RECIPROCAL_SQRT:
      return body([](T x) { return T(1) / sqrt(x); });
    case VK_UNARY_RECIPROCAL:
      return body([](T x) { return T(1) / x; });
    case VK_UNARY_EXP:
      return body([](T x) { return exp(x); });
    case VK_UNARY_EXPM1:
      return body([](T x) { return expm1(x); });
    case VK_UNARY_LOG:
      return body([](T x) { return log(x); });
    case VK_UNARY_LOG1P:
      return body([](T x) { return log1p(x); });
    case VK_UNARY_ERF:
      return body([](T x) { return erf(x); });
    case VK_UNARY_SIN:
      return body([](T x) { return sin(x); });
    case VK_UNARY_COS:
      return body([](T x) { return cos(x); });
    case VK_UNARY_TAN:
      return body([](T x) { return T(tan(double(x))); });
    case VK_UNARY_ASIN:
      return body([](T x) { return asin(x); });
    case VK_UNARY_ACOS:
      return body([](T x) { return acos(x); });
    case VK_UNARY_ATAN:
      return body([](T x) { return atan(x); });
    case VK_UNARY_SINH:
      return body([](T x) { return sinh(x); });
    case VK_UNARY_COSH:
      return body([](T x) { return cosh(x); });
    case VK_UNARY_ASINH:
      return body([](T x) { return asinh(x); });
    case VK_UNARY_ACOSH:
      return body([](T x) { return T(acosh(double(x))); });
    case VK_UNARY_ATANH:
      return body([](T x) { return atanh(x); });
    default: {
      const T least = T(low), most = T(high);
      return body([=](T x) { return x < least ? least : x > most ? most : x; });
    }
  }
}

/** body(f') with the function's slope; f' of NaN is NaN but for steps and the clip. */
template <class T, class Body>
__device__ inline void withSlope(vk_unary_function function, double low, double high,
                                 const Body& body) {
  switch (function) {
    case VK_UNARY_NEGATE:
      return body([](T) { return T(-1); });
    case VK_UNARY_ABSOLUTE:
      return body([](T x) { return x > 0 ? T(1) : x < 0 ? T(-1) : x * T(0); });
    case VK_UNARY_SQRT:
      return body([](T x) { return T(0.5) / sqrt(x); });
    case VK_UNARY_RECIPROCAL_SQRT:
      return body([](T x) { return T(-0.5) / sqrt(x) / x; });
    case VK_UNARY_RECIPROCAL:
      return body([](T x) { return T(-1) / x / x; });
    case VK_UNARY_EXP:
    case VK_UNARY_EXPM1:
      return body([](T x) { return exp(x); });
    case VK_UNARY_LOG:
      return body([](T x) { return T(1) / x; });
    case VK_UNARY_LOG1P:
      return body([](T x) { return T(1) / (T(1) + x); });
    case VK_UNARY_ERF:
      return body([](T x) {
        // What the square is rounded by would be multiplied by the exponential.
        const T square = x * x;
        const T rest = fma(x, x, -square);
        const T e = T(1.12837916709551257390) * exp(-square);
        return rest - rest == 0 ? e - e * rest : e;
      });
    case VK_UNARY_SIN:
      return body([](T x) { return cos(x); });
    case VK_UNARY_COS:
      return body([](T x) { return -sin(x); });
    case VK_UNARY_TAN:
      return body([](T x) {
        const T c = cos(x);
        return T(1) / (c * c);
      });
    case VK_UNARY_ASIN:
      return body([](T x) { return T(1) / sqrt((T(1) - x) * (T(1) + x)); });
    case VK_UNARY_ACOS:
      return body([](T x) { return T(-1) / sqrt((T(1) - x) * (T(1) + x)); });
    case VK_UNARY_ATAN:
      return body([](T x) { return T(1) / (x * x + T(1)); });
    case VK_UNARY_SINH:
      return body([](T x) { return cosh(x); });
    case VK_UNARY_COSH:
      return body([](T x) { return sinh(x); });
    case VK_UNARY_ASINH:
      return body([](T x) {
        // The square must not overflow.
        const T size = fabs(x);
        return size > 1 ? T(1) / size / sqrt(T(1) + T(1) / size / size) : T(1) / sqrt(T(1) + x * x);
      });
    case VK_UNARY_ACOSH:
      return body([](T x) { return x < 1 ? T(NAN) : T(1) / sqrt(x - T(1)) / sqrt(x + T(1)); });
    case VK_UNARY_ATANH:
      return body([](T x) { return T(1) / ((T(1) - x) * (T(1) + x)); });
    case VK_UNARY_CLIP:
      return body([=](T x) { return double(x) >= low && double(x) <= high ? T(1) : T(0); });
    default:
      // Steps.
      return body([](T) { return T(0); });
  }
}

}  // namespace vk::unary
