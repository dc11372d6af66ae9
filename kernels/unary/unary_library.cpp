// Functions that networks rarely have: the C library's, in f64.
#include <cmath>

#include "unary/unary.h"

namespace vk {
namespace {

double slope(vk_unary_function function, double x) {
  switch (function) {
    case VK_UNARY_SIN:
      return std::cos(x);
    case VK_UNARY_COS:
      return -std::sin(x);
    case VK_UNARY_TAN: {
      const double tangent = std::tan(x);
      return 1 + tangent * tangent;
    }
    case VK_UNARY_ASIN:
      return 1 / std::sqrt((1 - x) * (1 + x));
    case VK_UNARY_ACOS:
      return -1 / std::sqrt((1 - x) * (1 + x));
    case VK_UNARY_ATAN:
      return 1 / (1 + x * x);
    case VK_UNARY_SINH:
      return std::cosh(x);
    case VK_UNARY_COSH:
      return std::sinh(x);
    case VK_UNARY_ASINH:
      return 1 / std::sqrt(x * x + 1);
    case VK_UNARY_ACOSH:
      return x >= 1 ? 1 / std::sqrt((x - 1) * (x + 1)) : std::nan("");
    default:
      return 1 / ((1 - x) * (1 + x));
  }
}

}  // namespace

bool isLibraryFunction(vk_unary_function function) {
  return function >= VK_UNARY_SIN && function <= VK_UNARY_ATANH;
}

double libraryValue(vk_unary_function function, double x) {
  switch (function) {
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
    default:
      return std::atanh(x);
  }
}

void libraryValues(vk_unary_function function, const float* x, int64_t count, float* y) {
  for (int64_t i = 0; i < count; ++i)
    y[i] = static_cast<float>(libraryValue(function, double(x[i])));
}

void libraryGradient(vk_unary_function function, const float* x, const float* dy, int64_t count,
                     float* y) {
  for (int64_t i = 0; i < count; ++i) {
    y[i] = static_cast<float>(double(dy[i]) * slope(function, double(x[i])));
  }
}

}  // namespace vk
