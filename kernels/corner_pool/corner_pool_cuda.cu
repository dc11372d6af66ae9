#include "corner_pool/corner_pool.h"
#include "cuda/cuda_table.h"
#include "cuda/divide.h"
#include "cuda/kernel.h"

namespace vk::corner_pool_cuda {
namespace {

using namespace cuda;

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / kWarpSize;

/** Whether a running maximum goes on with a value that comes after it: the first of equal ones
 * stays, and the first NaN. */
template <class T>
__device__ bool takes(T value, T found) {
  return value > found || (value != value && found == found);
}

template <class T>
__device__ T larger(T found, T value) {
  return takes(value, found) ? value : found;
}

/** Where a line's i-th value lies, in the direction of the maximum. */
__device__ int64_t stepAt(const CornerArgs& args, int64_t i) {
  return (args.fromEnd ? args.length - 1 - i : i) * args.inner;
}

// --- lines along x: a warp a line, 32 values at a time

/** The largest up to and with this lane's value. */
template <class T>
__device__ T warpRunningMax(T value, int lane) {
  for (int distance = 1; distance < kWarpSize; distance *= 2) {
    const T before = __shfl_up_sync(kWholeWarp, value, distance);
    if (lane >= distance) value = larger(before, value);
  }
  return value;
}

template <class T>
__global__ void __launch_bounds__(kThreads, 1) poolRows(CornerPoolArgs args) {
  const int lane = int(threadIdx.x) % kWarpSize;
  for (int64_t line = int64_t(blockIdx.x) * kWarps + threadIdx.x / kWarpSize; line < args.outer;
       line += int64_t(gridDim.x) * kWarps) {
    const T* const input = static_cast<const T*>(args.input) + line * args.length;
    T* const output = static_cast<T*>(args.output) + line * args.length;
    T carry = -T(INFINITY);
    for (int64_t begin = 0; begin < args.length; begin += kWarpSize) {
      const int64_t i = begin + lane;
      const bool inside = i < args.length;
      const T value = inside ? input[stepAt(args, i)] : -T(INFINITY);
      const T found = larger(carry, warpRunningMax(value, lane));
      if (inside) output[stepAt(args, i)] = found;
      carry = __shfl_sync(kWholeWarp, found, kWarpSize - 1);
    }
  }
}

/** For a lane with a head the sum from it to the next head, for lane 0 that to the first. */
template <class T>
__device__ T sumToNextHead(T value, unsigned heads, int lane) {
  const unsigned behind = lane == kWarpSize - 1 ? 0 : heads >> (lane + 1);
  const int end = behind == 0 ? kWarpSize : lane + __ffs(int(behind));
  for (int distance = 1; distance < kWarpSize; distance *= 2) {
    const T other = __shfl_down_sync(kWholeWarp, value, distance);
    if (lane + distance < end) value += other;
  }
  return value;
}

/** A value that is the maximum of itself is a head; it is that of all up to the next one. */
template <class T>
__global__ void __launch_bounds__(kThreads, 1) gradientRows(CornerPoolGradientArgs args) {
  const int lane = int(threadIdx.x) % kWarpSize;
  for (int64_t line = int64_t(blockIdx.x) * kWarps + threadIdx.x / kWarpSize; line < args.outer;
       line += int64_t(gridDim.x) * kWarps) {
    const T* const input = static_cast<const T*>(args.input) + line * args.length;
    const T* const upstream = static_cast<const T*>(args.upstream) + line * args.length;
    T* const gradient = static_cast<T*>(args.gradient) + line * args.length;
    T carry = -T(INFINITY), openSum = 0;
    int64_t open = -1;
    for (int64_t begin = 0; begin < args.length; begin += kWarpSize) {
      const int64_t i = begin + lane;
      const bool inside = i < args.length;
      const T value = inside ? input[stepAt(args, i)] : -T(INFINITY);
      const T found = larger(carry, warpRunningMax(value, lane));
      const T before = __shfl_up_sync(kWholeWarp, found, 1);
      const bool isHead = inside && (i == 0 || takes(value, lane == 0 ? carry : before));
      const unsigned heads = __ballot_sync(kWholeWarp, isHead);
      const T sum = sumToNextHead(inside ? upstream[stepAt(args, i)] : T(0), heads, lane);
      const T first = __shfl_sync(kWholeWarp, sum, 0);
      if ((heads & 1) == 0) openSum += first;
      const int last = heads == 0 ? -1 : kWarpSize - 1 - __clz(int(heads));
      if (heads != 0) {
        if (lane == 0 && open >= 0) gradient[stepAt(args, open)] = openSum;
        open = begin + last;
        openSum = __shfl_sync(kWholeWarp, sum, last);
      }
      // The last head's sum goes on.
      if (inside && lane != last) gradient[stepAt(args, i)] = isHead ? sum : T(0);
      carry = __shfl_sync(kWholeWarp, found, kWarpSize - 1);
    }
    if (lane == 0 && open >= 0) gradient[stepAt(args, open)] = openSum;
  }
}

// --- lines along y and z: neighbouring threads have neighbouring lines. Where there are few lines,
// each is cut into segments, which several warps of a block have.

struct Columns {
  int segments;
  /** Lines of a block. */
  int lines;
  /** Values of a segment. */
  int64_t each;
  int64_t tiles;
};

Columns columnsOf(const CornerArgs& args) {
  Columns columns{};
  const bool manyLines = args.outer * args.inner >= 65536;
  columns.segments = manyLines || args.length < 32 ? 1 : kThreads / kWarpSize;
  columns.lines = kThreads / columns.segments;
  columns.each = (args.length + columns.segments - 1) / columns.segments;
  columns.tiles = (args.inner + columns.lines - 1) / columns.lines;
  return columns;
}

/** What a thread has of a line. */
struct Piece {
  int line;
  int segment;
  /** Offset of the line; -1 where there is none. */
  int64_t first;
  int64_t begin;
  int64_t end;
};

__device__ Piece pieceOf(const CornerArgs& args, const Columns& columns, int64_t task) {
  const Division at = divide(task, columns.tiles);
  Piece piece{};
  piece.line = int(threadIdx.x) % columns.lines;
  piece.segment = int(threadIdx.x) / columns.lines;
  const int64_t inner = at.remainder * columns.lines + piece.line;
  piece.first = inner < args.inner ? at.quotient * args.length * args.inner + inner : -1;
  piece.begin = min(args.length, piece.segment * columns.each);
  piece.end = piece.first < 0 ? piece.begin : min(args.length, piece.begin + columns.each);
  return piece;
}

/** The largest of the segments before this one. Every thread of the block calls it. */
template <class T>
__device__ T largestBefore(const CornerArgs& args, const Columns& columns, const Piece& piece,
                           const T* input, T* shared) {
  T found = -T(INFINITY);
  if (columns.segments == 1) return found;
  for (int64_t i = piece.begin; i < piece.end; ++i) {
    found = larger(found, input[piece.first + stepAt(args, i)]);
  }
  __syncthreads();  // of the tile before
  shared[threadIdx.x] = found;
  __syncthreads();
  found = -T(INFINITY);
  for (int segment = 0; segment < piece.segment; ++segment) {
    found = larger(found, shared[segment * columns.lines + piece.line]);
  }
  return found;
}

template <class T>
__global__ void __launch_bounds__(kThreads, 1) poolColumns(CornerPoolArgs args, Columns columns) {
  VK_SHARED(T, shared, kThreads);
  const T* const input = static_cast<const T*>(args.input);
  T* const output = static_cast<T*>(args.output);
  for (int64_t task = blockIdx.x; task < args.outer * columns.tiles; task += gridDim.x) {
    const Piece piece = pieceOf(args, columns, task);
    T found = largestBefore(args, columns, piece, input, shared);
    for (int64_t i = piece.begin; i < piece.end; ++i) {
      const int64_t at = piece.first + stepAt(args, i);
      found = larger(found, input[at]);
      output[at] = found;
    }
  }
}

template <class T>
__global__ void __launch_bounds__(kThreads, 1)
    gradientColumns(CornerPoolGradientArgs args, Columns columns) {
  VK_SHARED(T, shared, kThreads);
  VK_SHARED(T, leading, kThreads);
  VK_SHARED(int, hasHead, kThreads);
  const T* const input = static_cast<const T*>(args.input);
  const T* const upstream = static_cast<const T*>(args.upstream);
  T* const gradient = static_cast<T*>(args.gradient);
  for (int64_t task = blockIdx.x; task < args.outer * columns.tiles; task += gridDim.x) {
    const Piece piece = pieceOf(args, columns, task);
    T found = largestBefore(args, columns, piece, input, shared);
    // The head whose sum grows; before the first one what goes to a segment before.
    int64_t head = -1;
    T sum = 0, ofOthers = 0;
    for (int64_t i = piece.begin; i < piece.end; ++i) {
      const int64_t at = piece.first + stepAt(args, i);
      const T value = input[at];
      if (i == 0 || takes(value, found)) {
        if (head >= 0) {
          gradient[head] = sum;
        } else {
          ofOthers = sum;
        }
        head = at;
        found = value;
        sum = 0;
      } else {
        gradient[at] = 0;
      }
      sum += upstream[at];
    }
    leading[threadIdx.x] = head >= 0 ? ofOthers : sum;
    hasHead[threadIdx.x] = head >= 0 ? 1 : 0;
    __syncthreads();
    if (head >= 0) {
      for (int segment = piece.segment + 1; segment < columns.segments; ++segment) {
        const int other = segment * columns.lines + piece.line;
        sum += leading[other];
        if (hasHead[other] != 0) break;
      }
      gradient[head] = sum;
    }
    __syncthreads();
  }
}

template <class Args>
void run(const Args& args, Context& context, void (*rows)(Args), void (*columns)(Args, Columns)) {
  if (args.outer * args.length * args.inner == 0) return;
  if (args.inner == 1) {
    launch(context, {dim3(blocksFor(args.outer, kWarps)), dim3(kThreads)}, rows, args);
    return;
  }
  const Columns cut = columnsOf(args);
  launch(context, {dim3(blocksFor(args.outer * cut.tiles, 1)), dim3(kThreads)}, columns, args, cut);
}

void runPool(const CornerPoolArgs& args, Context& context, const Workspace&) {
  withFloats(args.type, [&](auto number) {
    run(args, context, poolRows<decltype(number)>, poolColumns<decltype(number)>);
  });
}

void runGradient(const CornerPoolGradientArgs& args, Context& context, const Workspace&) {
  withFloats(args.type, [&](auto number) {
    run(args, context, gradientRows<decltype(number)>, gradientColumns<decltype(number)>);
  });
}

}  // namespace

extern "C" CudaImplementations<CornerPoolArgs> corner_poolCuda() {
  static const Implementation<CornerPoolArgs> rows[] = {cuda::row<CornerPoolArgs>(runPool)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<CornerPoolGradientArgs> corner_pool_gradientCuda() {
  static const Implementation<CornerPoolGradientArgs> rows[] = {
      cuda::row<CornerPoolGradientArgs>(runGradient)};
  return cuda::table(rows);
}

}  // namespace vk::corner_pool_cuda
