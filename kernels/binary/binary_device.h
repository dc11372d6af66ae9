// Slopes of the functions, and where the operands lie, for kernels.
#pragma once

#include "binary/binary.h"
#include "binary/binary_math.h"
#include "cuda/elements.h"

namespace vk::binary {

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
