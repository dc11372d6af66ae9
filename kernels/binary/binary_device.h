// Functions of two numbers and their slopes, for the forward kernel and for sums of gradients.
#pragma once

#include <type_traits>

#include "binary/binary.h"
#include "cuda/elements.h"

namespace vk::binary {

/** Whole numbers wrap around; a remainder or quotient by 0 is 0. */
template <class T>
__device__ inline T wholeValue(vk_binary_function function, T a, T b) {
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
__device__ inline T floatValue(vk_binary_function function, T a, T b) {
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
__device__ inline bool compared(vk_binary_function function, T a, T b) {
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

/** df/da for operand 0, df/db for operand 1; where() has the condition for it. */
template <class T>
__device__ inline T slope(vk_binary_function function, bool first, T a, T b) {
  switch (function) {
    case VK_BINARY_ADD:
      return T(1);
    case VK_BINARY_SUBTRACT:
      return first ? T(1) : T(-1);
    case VK_BINARY_MULTIPLY:
      return first ? b : a;
    case VK_BINARY_DIVIDE:
      return first ? T(1) / b : -(a / b) / b;
    case VK_BINARY_POWER: {
      const double x = double(a), y = double(b);
      if (first) return y == 0 ? T(0) : T(y * pow(x, y - 1));
      return x == 0 && y >= 0 ? T(0) : T(log(x) * pow(x, y));
    }
    case VK_BINARY_MIN:
      return a == b ? T(0.5) : (a < b) == first ? T(1) : T(0);
    case VK_BINARY_MAX:
      return a == b ? T(0.5) : (a > b) == first ? T(1) : T(0);
    case VK_BINARY_MOD:
      return first ? T(1) : T(-floor(double(a) / double(b)));
    default:
      return first ? T(1) : T(-trunc(double(a) / double(b)));
  }
}

/** Where the operands lie that meet an element of the output. */
inline cuda::AxisWalk<Broadcast::kOperands> walkOf(const Broadcast& shape) {
  cuda::AxisWalk<Broadcast::kOperands> walk;
  for (int32_t axis = 0; axis < shape.rank; ++axis) {
    walk.add(shape.sizes[axis],
             {shape.strides[0][axis], shape.strides[1][axis], shape.strides[2][axis]});
  }
  return walk;
}

}  // namespace vk::binary
