#include "copy_strided/copy_strided.h"
#include "cuda/cuda_table.h"
#include "cuda/elements.h"

namespace vk::copy_strided_cuda {
namespace {

using namespace cuda;

/** Side of the square of a transposition. */
constexpr int kSide = 32;
constexpr int kThreads = 256;
constexpr int kLines = kThreads / kSide;

using Both = AxisWalk<2>;

template <class T>
struct Moved {
  T value;
  int64_t to;
};

/** Element by element, in the order of the output. */
template <class T>
__global__ void __launch_bounds__(kElementThreads, kElementBlocks)
    copyElements(const T* input, T* output, int64_t count, Both walk) {
  forEachTile<kItemsEach<T>>(
      count,
      [&](int64_t i) {
        const Both::Offsets offsets = walk.offsets(i);
        return Moved<T>{input[offsets.of[0]], offsets.of[1]};
      },
      [&](int64_t, const Moved<T>& moved) { output[moved.to] = moved.value; });
}

/** Lines of the input become columns of the output. */
struct Squares {
  int64_t rows, columns;
  /** Of the input from a column to the next, of the output from a row to the next. */
  int64_t inputStep, outputStep;
  Divider bands, squaresARow;
  /** The other axes. */
  Both outer;
};

/** A square a block: read along the input's contiguous axis, written along the output's. */
template <class T>
__global__ void __launch_bounds__(kThreads)
    transpose(const T* input, T* output, int64_t squares, Squares shape) {
  // One more: the elements of a column lie in different banks.
  VK_SHARED(T, tile, kSide * (kSide + 1));
  const int lane = threadIdx.x % kSide;
  const int line = threadIdx.x / kSide;
  for (int64_t square = blockIdx.x; square < squares; square += gridDim.x) {
    const int64_t band = shape.squaresARow.quotient(square);
    const int64_t outer = shape.bands.quotient(band);
    const int64_t row = (band - outer * shape.bands.divisor()) * kSide;
    const int64_t column = (square - band * shape.squaresARow.divisor()) * kSide;
    const Both::Offsets offsets = shape.outer.offsets(outer);
    const T* const from = input + offsets.of[0] + row + column * shape.inputStep;
    T* const to = output + offsets.of[1] + row * shape.outputStep + column;
    VK_UNROLL
    for (int i = line; i < kSide; i += kLines) {
      if (row + lane < shape.rows && column + i < shape.columns) {
        tile[i * (kSide + 1) + lane] = from[i * shape.inputStep + lane];
      }
    }
    __syncthreads();
    VK_UNROLL
    for (int i = line; i < kSide; i += kLines) {
      if (row + i < shape.rows && column + lane < shape.columns) {
        to[i * shape.outputStep + lane] = tile[lane * (kSide + 1) + i];
      }
    }
    __syncthreads();
  }
}

/** Rows that both are contiguous in, seen as rows of words of up to 16 bytes where all fits them.
 */
int64_t widen(CopyAxes& axes, int64_t elementBytes, const void* input, const void* output) {
  const int32_t last = axes.rank - 1;
  if (axes.inputStrides[last] != 1 || axes.outputStrides[last] != 1) return elementBytes;
  const auto address = reinterpret_cast<uintptr_t>(input) | reinterpret_cast<uintptr_t>(output);
  int64_t odd = axes.sizes[last] | axes.inputOffset | axes.outputOffset;
  for (int32_t axis = 0; axis < last; ++axis) {
    odd |= axes.inputStrides[axis] | axes.outputStrides[axis];
  }
  while (elementBytes < 16 && odd % 2 == 0 && address % uint64_t(2 * elementBytes) == 0) {
    elementBytes *= 2;
    odd /= 2;
    axes.sizes[last] /= 2;
    axes.inputOffset /= 2;
    axes.outputOffset /= 2;
    for (int32_t axis = 0; axis < last; ++axis) {
      axes.inputStrides[axis] /= 2;
      axes.outputStrides[axis] /= 2;
    }
  }
  return elementBytes;
}

/** The axis that the input is contiguous along where that is not the output's, else -1. Lines of a
 * few elements are better off in the order of the output, and with the cache. */
int32_t transposedAxis(const CopyAxes& axes) {
  constexpr int64_t kLeast = 16;
  const int32_t last = axes.rank - 1;
  const int64_t step = axes.inputStrides[last];
  if (axes.outputStrides[last] != 1 || step == 1 || step == 0 || axes.sizes[last] < kLeast) {
    return -1;
  }
  for (int32_t axis = 0; axis < last; ++axis) {
    if (axes.inputStrides[axis] == 1 && axes.sizes[axis] >= kLeast) return axis;
  }
  return -1;
}

template <class T>
const T* inputOf(const CopyStridedArgs& args, const CopyAxes& axes) {
  return static_cast<const T*>(args.input.data) + axes.inputOffset;
}

template <class T>
T* outputOf(const CopyStridedArgs& args, const CopyAxes& axes) {
  return static_cast<T*>(args.output.data) + axes.outputOffset;
}

template <class T>
void copyTransposed(const CopyStridedArgs& args, const CopyAxes& axes, int32_t fast,
                    Context& context) {
  const int32_t last = axes.rank - 1;
  Squares shape{};
  int64_t outer = 1;
  for (int32_t axis = 0; axis < last; ++axis) {
    if (axis == fast) continue;
    shape.outer.add(axes.sizes[axis], {axes.inputStrides[axis], axes.outputStrides[axis]});
    outer *= axes.sizes[axis];
  }
  shape.rows = axes.sizes[fast];
  shape.columns = axes.sizes[last];
  shape.inputStep = axes.inputStrides[last];
  shape.outputStep = axes.outputStrides[fast];
  shape.bands = Divider(chunkCount(shape.rows, kSide));
  shape.squaresARow = Divider(chunkCount(shape.columns, kSide));
  const int64_t squares = outer * shape.bands.divisor() * shape.squaresARow.divisor();
  launch(context, {dim3(blocksFor(squares, 1)), dim3(kThreads)}, transpose<T>,
         inputOf<T>(args, axes), outputOf<T>(args, axes), squares, shape);
}

template <class T>
void copyAll(const CopyStridedArgs& args, const CopyAxes& axes, Context& context) {
  Both walk;
  int64_t count = 1;
  for (int32_t axis = 0; axis < axes.rank; ++axis) {
    walk.add(axes.sizes[axis], {axes.inputStrides[axis], axes.outputStrides[axis]});
    count *= axes.sizes[axis];
  }
  launch(context, gridOfTiles<kItemsEach<T>>(count), copyElements<T>, inputOf<T>(args, axes),
         outputOf<T>(args, axes), count, walk);
}

void runCopy(const CopyStridedArgs& args, Context& context, const Workspace&) {
  if (elementCount(args.output) == 0) return;
  CopyAxes axes = args.axes;
  const int64_t bytes = widen(axes, args.elementBytes, args.input.data, args.output.data);
  if (bytes == 16) return copyAll<uint4>(args, axes, context);
  withBits(bytes, [&](auto bits) {
    using T = decltype(bits);
    const int32_t fast = transposedAxis(axes);
    if (fast < 0) return copyAll<T>(args, axes, context);
    copyTransposed<T>(args, axes, fast, context);
  });
}

}  // namespace

extern "C" CudaImplementations<CopyStridedArgs> copy_stridedCuda() {
  static const Implementation<CopyStridedArgs> rows[] = {cuda::row<CopyStridedArgs>(runCopy)};
  return cuda::table(rows);
}

}  // namespace vk::copy_strided_cuda
