#include <cmath>
#include <vector>

#include "binary/binary.h"

namespace vk {
namespace {

/** Element of an operand that meets an element of the output. */
int64_t elementOf(const BinaryShape& shape, int operand, int64_t element) {
  int64_t index = 0;
  int64_t stride = 1;
  for (int32_t axis = shape.rank - 1; axis >= 0; --axis) {
    const int64_t own = shape.operandSizes[operand][axis];
    const int64_t at = element % shape.outputSizes[axis];
    element /= shape.outputSizes[axis];
    if (own != 1) index += at * stride;
    stride *= own;
  }
  return index;
}

double value(vk_binary_function function, double a, double b) {
  switch (function) {
    case VK_BINARY_ADD:
      return a + b;
    case VK_BINARY_SUBTRACT:
      return a - b;
    case VK_BINARY_MULTIPLY:
      return a * b;
    case VK_BINARY_DIVIDE:
      return a / b;
    case VK_BINARY_POWER:
      // More exact than what is compared with it, also in f64.
      return double(std::pow(static_cast<long double>(a), static_cast<long double>(b)));
    case VK_BINARY_MIN:
      return std::isnan(a) || std::isnan(b) ? std::nan("") : a < b ? a : b;
    case VK_BINARY_MAX:
      return std::isnan(a) || std::isnan(b) ? std::nan("") : a > b ? a : b;
    case VK_BINARY_FMOD:
      return std::fmod(a, b);
    case VK_BINARY_MOD: {
      double rest = std::fmod(a, b);
      if (rest != 0 && std::signbit(rest) != std::signbit(b)) rest += b;
      return rest;
    }
    default:
      return std::nan("");
  }
}

/** Exact, then cut to the type. */
__int128 whole(vk_binary_function function, __int128 a, __int128 b) {
  switch (function) {
    case VK_BINARY_ADD:
      return a + b;
    case VK_BINARY_SUBTRACT:
      return a - b;
    case VK_BINARY_MULTIPLY:
      return a * b;
    case VK_BINARY_DIVIDE:
      return b == 0 ? 0 : a / b;
    case VK_BINARY_MIN:
      return a < b ? a : b;
    case VK_BINARY_MAX:
      return a < b ? b : a;
    case VK_BINARY_FMOD:
      return b == 0 ? 0 : a % b;
    case VK_BINARY_MOD:
      return b == 0 ? 0 : ((a % b) + b) % b;
    default: {
      if (b < 0) return a == 1 ? 1 : a == -1 ? (b % 2 == 0 ? 1 : -1) : 0;
      uint64_t power = 1;
      for (__int128 i = 0; i < b && power != 0; ++i) power *= static_cast<uint64_t>(a);
      return static_cast<int64_t>(power);
    }
  }
}

template <class T>
bool compared(vk_binary_function function, T a, T b) {
  switch (function) {
    case VK_BINARY_EQUAL:
      return a == b;
    case VK_BINARY_NOT_EQUAL:
      return !(a == b);
    case VK_BINARY_LESS:
      return a < b;
    case VK_BINARY_LESS_OR_EQUAL:
      return a <= b;
    case VK_BINARY_GREATER:
      return b < a;
    case VK_BINARY_GREATER_OR_EQUAL:
      return b <= a;
    case VK_BINARY_AND:
      return bool(a) && bool(b);
    case VK_BINARY_OR:
      return bool(a) || bool(b);
    default:
      return bool(a) != bool(b);
  }
}

template <class T>
void forward(const BinaryArgs& args) {
  for (int64_t i = 0; i < args.broadcast.count; ++i) {
    const T a = static_cast<const T*>(args.a)[elementOf(args, 0, i)];
    const T b = static_cast<const T*>(args.b)[elementOf(args, 1, i)];
    if (args.function == VK_BINARY_WHERE) {
      const bool first = args.condition[elementOf(args, 2, i)] != 0;
      static_cast<T*>(args.output)[i] = first ? a : b;
    } else if (isComparison(args.function)) {
      static_cast<uint8_t*>(args.output)[i] = compared(args.function, a, b) ? 1 : 0;
    } else if constexpr (std::is_floating_point_v<T>) {
      static_cast<T*>(args.output)[i] = static_cast<T>(value(args.function, double(a), double(b)));
    } else {
      static_cast<T*>(args.output)[i] = static_cast<T>(whole(args.function, a, b));
    }
  }
}

double slope(vk_binary_function function, int operand, double a, double b) {
  const bool first = operand == 0;
  switch (function) {
    case VK_BINARY_ADD:
      return 1;
    case VK_BINARY_SUBTRACT:
      return first ? 1 : -1;
    case VK_BINARY_MULTIPLY:
      return first ? b : a;
    case VK_BINARY_DIVIDE:
      return first ? 1 / b : -a / (b * b);
    case VK_BINARY_POWER:
      if (first) return b == 0 ? 0 : b * std::pow(a, b - 1);
      return a == 0 && b >= 0 ? 0 : std::log(a) * std::pow(a, b);
    case VK_BINARY_MIN:
      return a == b ? 0.5 : (a < b) == first ? 1 : 0;
    case VK_BINARY_MAX:
      return a == b ? 0.5 : (a > b) == first ? 1 : 0;
    case VK_BINARY_MOD:
      return first ? 1 : -std::floor(a / b);
    case VK_BINARY_FMOD:
      return first ? 1 : -std::trunc(a / b);
    default:
      return 0;
  }
}

template <class T>
void gradient(const BinaryGradientArgs& args, int operand) {
  if (args.gradients[operand] == nullptr) return;
  int64_t count = 1;
  for (int32_t axis = 0; axis < args.rank; ++axis) count *= args.operandSizes[operand][axis];
  std::vector<double> sums(static_cast<size_t>(count), 0.0);
  for (int64_t i = 0; i < args.broadcast.count; ++i) {
    const double a = double(static_cast<const T*>(args.a)[elementOf(args, 0, i)]);
    const double b = double(static_cast<const T*>(args.b)[elementOf(args, 1, i)]);
    const double dy = double(static_cast<const T*>(args.outputGradient)[i]);
    double term;
    if (args.function == VK_BINARY_WHERE) {
      const bool first = args.condition[elementOf(args, 2, i)] != 0;
      term = first == (operand == 0) ? dy : 0;
    } else {
      term = dy * slope(args.function, operand, a, b);
    }
    sums[static_cast<size_t>(elementOf(args, operand, i))] += term;
  }
  for (int64_t i = 0; i < count; ++i) {
    static_cast<T*>(args.gradients[operand])[i] = static_cast<T>(sums[static_cast<size_t>(i)]);
  }
}

}  // namespace

void binaryReference(const BinaryArgs& args, Context&, const Workspace&) {
  switch (args.type) {
    case VK_F64:
      return forward<double>(args);
    case VK_F32:
      return forward<float>(args);
    case VK_I8:
      return forward<int8_t>(args);
    case VK_I16:
      return forward<int16_t>(args);
    case VK_I32:
      return forward<int32_t>(args);
    case VK_U32:
      return forward<uint32_t>(args);
    case VK_I64:
      return forward<int64_t>(args);
    case VK_U64:
      return forward<uint64_t>(args);
    case VK_BOOL:
    case VK_U8:
      return forward<uint8_t>(args);
    default:
      // Those of 16 bits, of which reals are only chosen.
      return forward<uint16_t>(args);
  }
}

void binaryGradientReference(const BinaryGradientArgs& args, Context&, const Workspace&) {
  for (int operand = 0; operand < 2; ++operand) {
    if (args.type == VK_F64) {
      gradient<double>(args, operand);
    } else {
      gradient<float>(args, operand);
    }
  }
}

}  // namespace vk
