#include "binary/binary.h"
#include "cuda/cuda_table.h"
#include "cuda/kernel.h"

namespace vk {
namespace {

using namespace cuda;

constexpr int kOperands = Broadcast::kOperands;

/** Where the operands' elements lie that meet an element of the output. */
struct Offsets {
  int64_t of[kOperands];
};

__device__ Offsets offsetsOf(const Broadcast& shape, int64_t element) {
  Offsets offsets{};
  for (int32_t axis = shape.rank - 1; axis >= 0; --axis) {
    const int64_t at = element % shape.sizes[axis];
    element /= shape.sizes[axis];
    for (int operand = 0; operand < kOperands; ++operand) {
      offsets.of[operand] += at * shape.strides[operand][axis];
    }
  }
  return offsets;
}

template <class T>
__device__ T arithmetic(vk_binary_function function, T a, T b) {
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
      return T(pow(double(a), double(b)));
    case VK_BINARY_MIN:
      return a != a ? a : b != b ? b : a < b ? a : b;
    case VK_BINARY_MAX:
      return a != a ? a : b != b ? b : a > b ? a : b;
    case VK_BINARY_FMOD:
      return T(fmod(double(a), double(b)));
    default: {
      double rest = fmod(double(a), double(b));
      if (rest != 0 && (rest < 0) != (b < 0)) rest += double(b);
      return T(rest);
    }
  }
}

template <class T>
__device__ bool compared(vk_binary_function function, T a, T b) {
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
    default:
      return a >= b;
  }
}

/** A thread an element of the output. */
template <class T>
__global__ void __launch_bounds__(256) binary(BinaryArgs args) {
  const T* const a = static_cast<const T*>(args.a);
  const T* const b = static_cast<const T*>(args.b);
  forEachItem(args.broadcast.count, [&](int64_t i) {
    const Offsets offsets = offsetsOf(args.broadcast, i);
    const T first = a[offsets.of[0]];
    const T second = b[offsets.of[1]];
    if (args.function == VK_BINARY_WHERE) {
      const bool isFirst = args.condition[offsets.of[2]] != 0;
      static_cast<T*>(args.output)[i] = isFirst ? first : second;
    } else if (args.function >= VK_BINARY_EQUAL) {
      static_cast<uint8_t*>(args.output)[i] = compared(args.function, first, second) ? 1 : 0;
    } else {
      static_cast<T*>(args.output)[i] = arithmetic(args.function, first, second);
    }
  });
}

Refusal accepts(const BinaryArgs& args) {
  if (args.type != VK_F32 && args.type != VK_F64) return "takes f32 and f64 only";
  return args.function >= VK_BINARY_AND ? "combines no bool yet" : "";
}

void runBinary(const BinaryArgs& args, Context& context, const Workspace&) {
  launch(context, gridOver(args.broadcast.count),
         args.type == VK_F64 ? binary<double> : binary<float>, args);
}

}  // namespace

CudaImplementations<BinaryArgs> binaryCuda() {
  static const Implementation<BinaryArgs> rows[] = {cuda::row<BinaryArgs>(runBinary, accepts)};
  return cuda::table(rows);
}

}  // namespace vk
