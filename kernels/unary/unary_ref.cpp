#include <algorithm>
#include <cmath>
#include <limits>

#include "unary/unary.h"

namespace vk {
namespace {

/** More exact than what is compared with it, also in f64. */
long double valueOf(const UnaryArgs& args, long double x) {
  switch (args.function) {
    case VK_UNARY_NEGATE:
      return -x;
    case VK_UNARY_ABSOLUTE:
      return std::fabs(x);
    case VK_UNARY_SIGN:
      return std::isnan(x) ? x : x > 0 ? 1 : x < 0 ? -1 : 0;
    case VK_UNARY_FLOOR:
      return std::floor(x);
    case VK_UNARY_CEIL:
      return std::ceil(x);
    case VK_UNARY_ROUND:
      return std::nearbyint(x);
    case VK_UNARY_SQRT:
      return std::sqrt(x);
    case VK_UNARY_RECIPROCAL_SQRT:
      return 1 / std::sqrt(x);
    case VK_UNARY_RECIPROCAL:
      return 1 / x;
    case VK_UNARY_EXP:
      return std::exp(x);
    case VK_UNARY_EXPM1:
      return std::expm1(x);
    case VK_UNARY_LOG:
      return std::log(x);
    case VK_UNARY_LOG1P:
      return std::log1p(x);
    case VK_UNARY_ERF:
      return std::erf(x);
    case VK_UNARY_SIN:
      return std::sin(x);
    case VK_UNARY_COS:
      return std::cos(x);
    case VK_UNARY_TAN:
      return std::tan(x);
    case VK_UNARY_ASIN:
      return std::asin(x);
    case VK_UNARY_ACOS:
      return std::acos(x);
    case VK_UNARY_ATAN:
      return std::atan(x);
    case VK_UNARY_SINH:
      return std::sinh(x);
    case VK_UNARY_COSH:
      return std::cosh(x);
    case VK_UNARY_ASINH:
      return std::asinh(x);
    case VK_UNARY_ACOSH:
      return std::acosh(x);
    case VK_UNARY_ATANH:
      return std::atanh(x);
    case VK_UNARY_CLIP:
      return std::isnan(x) ? x : std::clamp<long double>(x, args.low, args.high);
    case VK_UNARY_NOT:
    case VK_UNARY_IS_NAN:
    case VK_UNARY_IS_INF:
      break;
  }
  return std::nan("");
}

/** Cosines by sines and so on, so that the slopes are not those of the fast kernel. */
double slopeOf(const UnaryGradientArgs& args, double x) {
  const double root = std::sqrt(x);
  switch (args.function) {
    case VK_UNARY_NEGATE:
      return -1;
    case VK_UNARY_ABSOLUTE:
      return std::isnan(x) ? x : x > 0 ? 1 : x < 0 ? -1 : 0;
    case VK_UNARY_SQRT:
      return 0.5 / root;
    case VK_UNARY_RECIPROCAL_SQRT:
      return -0.5 / (x * root);
    case VK_UNARY_RECIPROCAL:
      return -1 / (x * x);
    case VK_UNARY_EXP:
    case VK_UNARY_EXPM1:
      return std::exp(x);
    case VK_UNARY_LOG:
      return 1 / x;
    case VK_UNARY_LOG1P:
      return 1 / (1 + x);
    case VK_UNARY_ERF:
      return 2 / std::sqrt(M_PI) * std::exp(-x * x);
    case VK_UNARY_SIN:
      return std::cos(x);
    case VK_UNARY_COS:
      return -std::sin(x);
    case VK_UNARY_TAN:
      return 1 / (std::cos(x) * std::cos(x));
    case VK_UNARY_ASIN:
      return 1 / std::sqrt(1 - x * x);
    case VK_UNARY_ACOS:
      return -1 / std::sqrt(1 - x * x);
    case VK_UNARY_ATAN:
      return 1 / (x * x + 1);
    case VK_UNARY_SINH:
      return (std::exp(x) + std::exp(-x)) / 2;
    case VK_UNARY_COSH:
      return (std::exp(x) - std::exp(-x)) / 2;
    case VK_UNARY_ASINH:
      // Not std::hypot, which asks for a newer C library; the square must not overflow.
      return std::abs(x) > 1 ? 1 / (std::abs(x) * std::sqrt(1 + 1 / x / x))
                             : 1 / std::sqrt(1 + x * x);
    case VK_UNARY_ACOSH:
      return x < 1 ? std::nan("") : 1 / std::sqrt(x * x - 1);
    case VK_UNARY_ATANH:
      return 1 / (1 - x * x);
    case VK_UNARY_CLIP:
      return x >= args.low && x <= args.high ? 1 : 0;
    default:
      // Steps.
      return 0;
  }
}

template <class T>
void floats(const UnaryArgs& args) {
  const T* const x = static_cast<const T*>(args.input);
  for (int64_t i = 0; i < args.count; ++i) {
    if (args.function == VK_UNARY_IS_NAN) {
      static_cast<uint8_t*>(args.output)[i] = std::isnan(x[i]) ? 1 : 0;
    } else if (args.function == VK_UNARY_IS_INF) {
      static_cast<uint8_t*>(args.output)[i] = std::isinf(x[i]) ? 1 : 0;
    } else {
      static_cast<T*>(args.output)[i] = static_cast<T>(valueOf(args, x[i]));
    }
  }
}

template <class T>
void integers(const UnaryArgs& args) {
  const T* const x = static_cast<const T*>(args.input);
  T* const y = static_cast<T*>(args.output);
  for (int64_t i = 0; i < args.count; ++i) {
    __int128 result = x[i];
    if (args.function == VK_UNARY_NEGATE) result = -result;
    if (args.function == VK_UNARY_ABSOLUTE && result < 0) result = -result;
    if (args.function == VK_UNARY_SIGN) result = result > 0 ? 1 : result < 0 ? -1 : 0;
    if (args.function == VK_UNARY_CLIP) {
      const double inside = std::min(std::max(double(x[i]), args.low), args.high);
      if (inside != double(x[i])) result = static_cast<__int128>(inside);
    }
    y[i] = static_cast<T>(result);
  }
}

template <class T>
void gradient(const UnaryGradientArgs& args) {
  for (int64_t i = 0; i < args.count; ++i) {
    const double x = double(static_cast<const T*>(args.input)[i]);
    const double dy = double(static_cast<const T*>(args.outputGradient)[i]);
    static_cast<T*>(args.inputGradient)[i] = static_cast<T>(dy * slopeOf(args, x));
  }
}

}  // namespace

void unaryReference(const UnaryArgs& args, Context&, const Workspace&) {
  switch (args.type) {
    case VK_F64:
      return floats<double>(args);
    case VK_F32:
      return floats<float>(args);
    case VK_I32:
      return integers<int32_t>(args);
    case VK_I64:
      return integers<int64_t>(args);
    default:
      for (int64_t i = 0; i < args.count; ++i) {
        static_cast<uint8_t*>(args.output)[i] = !static_cast<const uint8_t*>(args.input)[i];
      }
  }
}

void unaryGradientReference(const UnaryGradientArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    gradient<double>(args);
  } else {
    gradient<float>(args);
  }
}

}  // namespace vk
