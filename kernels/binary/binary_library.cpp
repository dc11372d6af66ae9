// Powers and remainders: the C library's.
#include <cmath>

#include "binary/binary.h"

namespace vk {
namespace {

double floorMod(double a, double b) {
  const double rest = std::fmod(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

double slope(vk_binary_function function, int operand, double a, double b) {
  switch (function) {
    case VK_BINARY_MOD:
      return operand == 0 ? 1 : -std::floor(a / b);
    case VK_BINARY_FMOD:
      return operand == 0 ? 1 : -std::trunc(a / b);
    default:
      break;
  }
  if (operand == 0) return b == 0 ? 0 : b * std::pow(a, b - 1);
  // 0 to any power but a negative one is flat in the exponent.
  return a == 0 && b >= 0 ? 0 : std::pow(a, b) * std::log(a);
}

}  // namespace

void binaryLibraryValues(vk_binary_function function, const float* a, int64_t stepA, const float* b,
                         int64_t stepB, int64_t count, float* y) {
  switch (function) {
    case VK_BINARY_MOD:
      for (int64_t i = 0; i < count; ++i) {
        y[i] = static_cast<float>(floorMod(double(a[i * stepA]), double(b[i * stepB])));
      }
      return;
    case VK_BINARY_FMOD:
      for (int64_t i = 0; i < count; ++i) y[i] = std::fmod(a[i * stepA], b[i * stepB]);
      return;
    default:
      for (int64_t i = 0; i < count; ++i) y[i] = std::pow(a[i * stepA], b[i * stepB]);
  }
}

void binaryLibraryGradient(vk_binary_function function, int operand, const float* a, int64_t stepA,
                           const float* b, int64_t stepB, const float* dy, int64_t count,
                           float* y) {
  for (int64_t i = 0; i < count; ++i) {
    const double s = slope(function, operand, double(a[i * stepA]), double(b[i * stepB]));
    y[i] = static_cast<float>(double(dy[i]) * s);
  }
}

}  // namespace vk
