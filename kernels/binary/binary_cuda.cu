#include "binary/binary.h"
#include "binary/binary_device.h"
#include "cuda/cuda_table.h"
#include "reduce/reduce_device.h"

namespace vk::binary_cuda {
namespace {

using namespace cuda;

using Walk = AxisWalk<Broadcast::kOperands>;

template <class T>
struct Operands {
  T a;
  T b;
};

/** The first and second operand that an element of the output is made of. */
template <class T>
__device__ Operands<T> operandsAt(const BinaryShape& args, const Walk& walk, int64_t element) {
  const Walk::Offsets offsets = walk.offsets(element);
  return {static_cast<const T*>(args.a)[offsets.of[0]],
          static_cast<const T*>(args.b)[offsets.of[1]]};
}

template <class T>
__global__ void __launch_bounds__(kElementThreads, kElementBlocks)
    arithmetic(BinaryArgs args, Walk walk) {
  T* const output = static_cast<T*>(args.output);
  forEachTile<kItemsEach<T>>(
      args.broadcast.count, [&](int64_t i) { return operandsAt<T>(args, walk, i); },
      [&](int64_t i, const Operands<T>& at) {
        if constexpr (std::is_floating_point_v<T>) {
          output[i] = binary::floatValue(args.function, at.a, at.b);
        } else {
          output[i] = binary::wholeValue(args.function, at.a, at.b);
        }
      });
}

template <class T>
__global__ void __launch_bounds__(kElementThreads, kElementBlocks)
    compare(BinaryArgs args, Walk walk) {
  uint8_t* const output = static_cast<uint8_t*>(args.output);
  forEachTile<kItemsEach<T>>(
      args.broadcast.count, [&](int64_t i) { return operandsAt<T>(args, walk, i); },
      [&](int64_t i, const Operands<T>& at) {
        output[i] = binary::compared(args.function, at.a, at.b) ? 1 : 0;
      });
}

/** Copies bits: T is an unsigned number of the elements' size. */
template <class T>
__global__ void __launch_bounds__(kElementThreads, kElementBlocks)
    where(BinaryArgs args, Walk walk) {
  T* const output = static_cast<T*>(args.output);
  forEachTile<kItemsEach<T>>(
      args.broadcast.count,
      [&](int64_t i) {
        const Walk::Offsets offsets = walk.offsets(i);
        return args.condition[offsets.of[2]] != 0 ? static_cast<const T*>(args.a)[offsets.of[0]]
                                                  : static_cast<const T*>(args.b)[offsets.of[1]];
      },
      [&](int64_t i, T value) { output[i] = value; });
}

/** The terms of an operand's gradient, by the elements of the output. */
template <class T>
struct GradientTerms {
  using Value = double;
  BinaryShape shape;
  Walk walk;
  const T* outputGradient;
  bool first;

  __device__ double load(int64_t element, int64_t) const {
    const Walk::Offsets offsets = walk.offsets(element);
    const T dy = outputGradient[element];
    if (shape.function == VK_BINARY_WHERE) {
      return (shape.condition[offsets.of[2]] != 0) == first ? double(dy) : 0.0;
    }
    const T a = static_cast<const T*>(shape.a)[offsets.of[0]];
    const T b = static_cast<const T*>(shape.b)[offsets.of[1]];
    return double(T(dy * binary::slope(shape.function, first, a, b)));
  }
};

/** The gradient of an operand that does not repeat. */
template <class T>
__global__ void __launch_bounds__(kElementThreads, kElementBlocks)
    gradientOfEach(GradientTerms<T> terms, int64_t count, T* gradient) {
  forEachTile<kItemsEach<T>>(
      count, [&](int64_t i) { return T(terms.load(i, 0)); },
      [&](int64_t i, T value) { gradient[i] = value; });
}

bool isEquality(vk_binary_function function) {
  return function == VK_BINARY_EQUAL || function == VK_BINARY_NOT_EQUAL;
}

Refusal accepts(const BinaryArgs& args) {
  if (args.function == VK_BINARY_WHERE) return {};
  if (args.function >= VK_BINARY_AND) return args.type == VK_BOOL ? "" : "combines bool only";
  if (args.type == VK_BOOL) {
    return isEquality(args.function) ? "" : "has no arithmetic or order of bool";
  }
  const bool isWhole = args.type >= VK_I8 && args.type <= VK_U64;
  return isWhole || args.type == VK_F32 || args.type == VK_F64
             ? ""
             : "takes whole numbers, f32 and f64 only";
}

template <class T>
void runNumbers(const BinaryArgs& args, Context& context) {
  launch(context, gridOfTiles<kItemsEach<T>>(args.broadcast.count),
         args.function >= VK_BINARY_EQUAL ? compare<T> : arithmetic<T>, args,
         binary::walkOf(args.broadcast));
}

void runBinary(const BinaryArgs& args, Context& context, const Workspace&) {
  if (args.function == VK_BINARY_WHERE) {
    withBits(elementSize(args.type), [&](auto bits) {
      using T = decltype(bits);
      launch(context, gridOfTiles<kItemsEach<T>>(args.broadcast.count), where<T>, args,
             binary::walkOf(args.broadcast));
    });
    return;
  }
  switch (args.type) {
    case VK_I8:
      return runNumbers<int8_t>(args, context);
    case VK_I16:
      return runNumbers<int16_t>(args, context);
    case VK_U16:
      return runNumbers<uint16_t>(args, context);
    case VK_I32:
      return runNumbers<int32_t>(args, context);
    case VK_U32:
      return runNumbers<uint32_t>(args, context);
    case VK_I64:
      return runNumbers<int64_t>(args, context);
    case VK_U64:
      return runNumbers<uint64_t>(args, context);
    case VK_F32:
      return runNumbers<float>(args, context);
    case VK_F64:
      return runNumbers<double>(args, context);
    default:
      // u8 and bool.
      return runNumbers<uint8_t>(args, context);
  }
}

/** The two gradients are computed one after the other in the same workspace. */
int64_t gradientBytes(const BinaryGradientArgs& args) {
  int64_t most = 0;
  for (int operand = 0; operand < 2; ++operand) {
    if (args.gradients[operand] == nullptr) continue;
    const int64_t bytes = reduceBytes<SumRule>(tilesOf(args.layouts[operand]));
    if (bytes > most) most = bytes;
  }
  return most;
}

void runGradient(const BinaryGradientArgs& args, Context& context, const Workspace& workspace) {
  withFloats(args.type, [&](auto number) {
    using T = decltype(number);
    for (int operand = 0; operand < 2; ++operand) {
      if (args.gradients[operand] == nullptr) continue;
      const GradientTerms<T> terms{args, binary::walkOf(args.broadcast),
                                   static_cast<const T*>(args.outputGradient), operand == 0};
      T* const gradient = static_cast<T*>(args.gradients[operand]);
      const ReduceLayout& layout = args.layouts[operand];
      if (layout.reducedCount == 1) {
        launch(context, gridOfTiles<kItemsEach<T>>(layout.outputs), gradientOfEach<T>, terms,
               layout.outputs, gradient);
      } else {
        reduceTo(context, tilesOf(layout), SumRule(), terms, gradient, workspace.data);
      }
    }
  });
}

}  // namespace

extern "C" CudaImplementations<BinaryArgs> binaryCuda() {
  static const Implementation<BinaryArgs> rows[] = {cuda::row<BinaryArgs>(runBinary, accepts)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<BinaryGradientArgs> binary_gradientCuda() {
  static const Implementation<BinaryGradientArgs> rows[] = {
      cuda::row<BinaryGradientArgs>(runGradient, nullptr, gradientBytes)};
  return cuda::table(rows);
}

}  // namespace vk::binary_cuda
