// Functions of two numbers of one type.
#pragma once

#include <cmath>
#include <cstdint>
#include <type_traits>

#include "core/host_device.h"
#include "voxkern/tensor.h"

namespace vk::binary {

/** Whole numbers wrap around; a remainder or quotient by 0 is 0. */
template <class T>
VK_HD inline T wholeValue(vk_binary_function function, T a, T b) {
  // Not of T's own size: the product of two 16-bit numbers would be one of int, which may overflow.
  using Bits = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
  constexpr bool kSigned = std::is_signed_v<T>;
  const bool isMinusOne = kSigned && b == T(-1);
  const Bits left = Bits(a);
  const Bits right = Bits(b);
  switch (function) {
    case VK_BINARY_ADD:
      return T(left + right);
    case VK_BINARY_SUBTRACT:
      return T(left - right);
    case VK_BINARY_MULTIPLY:
      return T(left * right);
    case VK_BINARY_DIVIDE:
      // The least number by -1 would overflow.
      return b == 0 ? T(0) : isMinusOne ? T(Bits(0) - left) : T(a / b);
    case VK_BINARY_MIN:
      return a < b ? a : b;
    case VK_BINARY_MAX:
      return a > b ? a : b;
    case VK_BINARY_MOD:
    case VK_BINARY_FMOD: {
      if (b == 0 || isMinusOne) return 0;
      const T rest = T(a % b);
      const bool moves =
          kSigned && function == VK_BINARY_MOD && rest != 0 && (rest < T(0)) != (b < T(0));
      return moves ? T(rest + b) : rest;
    }
    default: {
      // Of negative powers only those of 1 and -1 are whole.
      if (kSigned && b < T(0)) return a == 1 ? T(1) : a != T(-1) ? T(0) : b & 1 ? T(-1) : T(1);
      Bits power = 1, square = left;
      for (Bits rest = right; rest != 0; rest >>= 1) {
        if ((rest & 1) != 0) power *= square;
        square *= square;
      }
      return T(power);
    }
  }
}

/** NaN wins in the least and the greatest. Powers go through f64: those of f32 are not as exact. */
template <class T>
VK_HD inline T floatValue(vk_binary_function function, T a, T b) {
  switch (function) {
    case VK_BINARY_ADD:
      return a + b;
    case VK_BINARY_SUBTRACT:
      return a - b;
    case VK_BINARY_MULTIPLY:
      return a * b;
    case VK_BINARY_DIVIDE:
      return a / b;
    case VK_BINARY_MIN:
      return a != a || a < b ? a : b;
    case VK_BINARY_MAX:
      return a != a || a > b ? a : b;
    case VK_BINARY_FMOD:
      return fmod(a, b);
    case VK_BINARY_MOD: {
      const T rest = fmod(a, b);
      return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
    }
    default:
      return T(pow(double(a), double(b)));
  }
}

template <class T>
VK_HD inline bool compared(vk_binary_function function, T a, T b) {
  switch (function) {
    case VK_BINARY_EQUAL:
      return a == b;
    case VK_BINARY_NOT_EQUAL:
      return a != b;
    case VK_BINARY_LESS:
      return a < b;
    case VK_BINARY_LESS_OR_EQUAL:
      return a <= b;
    case VK_BINARY_GREATER:
      return a > b;
    case VK_BINARY_GREATER_OR_EQUAL:
      return a >= b;
    case VK_BINARY_AND:
      return a != 0 && b != 0;
    case VK_BINARY_OR:
      return a != 0 || b != 0;
    default:
      return (a != 0) != (b != 0);
  }
}

}  // namespace vk::binary
