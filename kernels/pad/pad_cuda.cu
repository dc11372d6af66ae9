#include "cuda/cuda_table.h"
#include "cuda/elements.h"
#include "pad/pad.h"
#include "pad/pad_math.h"

namespace vk::pad_cuda {
namespace {

using namespace cuda;

/** The axes of one of the two tensors: an element's number becomes its positions. */
struct PadWalk {
  Divider sizes[VK_MAX_RANK];
};

PadWalk walkOf(const PadArgs& args, bool overInput) {
  PadWalk walk;
  for (int32_t axis = 0; axis < args.rank; ++axis) {
    walk.sizes[axis] = Divider(overInput ? args.axes[axis].inputSize : args.axes[axis].outputSize);
  }
  return walk;
}

int64_t countOf(const PadArgs& args, bool ofInput) {
  int64_t count = 1;
  for (int32_t axis = 0; axis < args.rank; ++axis) {
    count *= ofInput ? args.axes[axis].inputSize : args.axes[axis].outputSize;
  }
  return count;
}

/** The element of the input that one of the output comes from, -1 for the constant. */
__device__ int64_t sourceOf(const PadArgs& args, const PadWalk& walk, int64_t element) {
  int64_t source = 0;
  int64_t stride = 1;
  VK_NO_UNROLL
  for (int32_t axis = args.rank - 1; axis >= 0; --axis) {
    const int64_t rest = axis > 0 ? walk.sizes[axis].quotient(element) : 0;
    const int64_t position = element - rest * walk.sizes[axis].divisor();
    const int64_t at = padSource(args.mode, args.axes[axis], position);
    if (at < 0) return -1;
    source += at * stride;
    stride *= args.axes[axis].inputSize;
    element = rest;
  }
  return source;
}

template <class T>
__global__ void __launch_bounds__(kElementThreads, kElementBlocks)
    pad(PadArgs args, PadWalk walk, int64_t count) {
  const T* const input = static_cast<const T*>(args.input);
  T* const output = static_cast<T*>(args.output);
  forEachTile<kItemsEach<T>>(
      count,
      [&](int64_t i) {
        const int64_t source = sourceOf(args, walk, i);
        return source < 0 ? T(args.fillBits) : input[source];
      },
      [&](int64_t i, T value) { output[i] = value; });
}

/** A thread an element of the input: it adds all copies of it in the order of the output. */
template <class T>
__global__ void __launch_bounds__(kElementThreads, kElementBlocks)
    padGradient(PadArgs args, PadWalk walk, int64_t count) {
  const T* const outputGradient = static_cast<const T*>(args.output);
  T* const inputGradient = static_cast<T*>(args.input);
  forEachItem(count, [&](int64_t i) {
    PadCopies copies[VK_MAX_RANK];
    int64_t all = 1;
    int64_t element = i;
    VK_NO_UNROLL
    for (int32_t axis = args.rank - 1; axis >= 0; --axis) {
      const int64_t rest = axis > 0 ? walk.sizes[axis].quotient(element) : 0;
      const int64_t at = element - rest * walk.sizes[axis].divisor();
      copies[axis] = padCopies(args.mode, args.axes[axis], at);
      all *= copies[axis].count;
      element = rest;
    }
    double sum = 0;
    for (int64_t copy = 0; copy < all; ++copy) {
      int64_t number = copy;
      int64_t from = 0;
      int64_t stride = 1;
      VK_NO_UNROLL
      for (int32_t axis = args.rank - 1; axis >= 0; --axis) {
        // Most elements have one copy alone.
        const int64_t rest = copies[axis].count > 1 ? number / copies[axis].count : number;
        from += copies[axis].position(number - rest * copies[axis].count) * stride;
        stride *= args.axes[axis].outputSize;
        number = rest;
      }
      sum += double(outputGradient[from]);
    }
    inputGradient[i] = T(sum);
  });
}

void runPad(const PadArgs& args, Context& context, const Workspace&) {
  const int64_t count = countOf(args, false);
  withBits(elementSize(args.type), [&](auto bits) {
    using T = decltype(bits);
    launch(context, gridOfTiles<kItemsEach<T>>(count), pad<T>, args, walkOf(args, false), count);
  });
}

void runGradient(const PadArgs& args, Context& context, const Workspace&) {
  const int64_t count = countOf(args, true);
  withFloats(args.type, [&](auto number) {
    launch(context, gridOver(count), padGradient<decltype(number)>, args, walkOf(args, true),
           count);
  });
}

}  // namespace

extern "C" CudaImplementations<PadArgs> padCuda() {
  static const Implementation<PadArgs> rows[] = {cuda::row<PadArgs>(runPad)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<PadArgs> pad_gradientCuda() {
  static const Implementation<PadArgs> rows[] = {cuda::row<PadArgs>(runGradient)};
  return cuda::table(rows);
}

}  // namespace vk::pad_cuda
