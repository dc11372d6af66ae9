// What the CUDA kernels of products share: how a product is dealt out among blocks, how operands
// come into shared memory, and what becomes of the sums.
#pragma once

#include <algorithm>

#include "core/host_device.h"
#include "core/parallel.h"
#include "cuda/kernel.h"
#include "matmul/matmul_cuda.h"

namespace vk::cuda {

constexpr int kMatmulThreads = 256;

/** How a product is dealt out. Its depth is cut where there would be too few blocks, by shapes
 * alone; the sums of each part then go to workspace. */
struct Work {
  int64_t rowTiles;
  int64_t columnTiles;
  int64_t batches;
  int64_t splits;
  int64_t depthEach;
  int64_t outputRow;
  int64_t outputColumn;

  VK_HD int64_t items() const { return batches * splits * rowTiles * columnTiles; }
};

/** Where a thread's values of an operand go in shared memory: kLines lines (rows of a, columns of
 * b) of kDepth values each, line after line for one depth. Whichever of both is contiguous in
 * memory is what neighbouring threads go along. */
template <class T, int kLines, int kDepth, int kPad = 16 / int(sizeof(T))>
class Operand {
 public:
  static constexpr int kStride = kLines + kPad;
  static constexpr int kShared = kDepth * kStride;
  static constexpr int kEach = kLines * kDepth / kMatmulThreads;

  __device__ Operand(const T* data, int64_t lines, int64_t lineStride, int64_t depthStride)
      : data_(data + line(0, depthStride == 1) * lineStride +
              at(0, depthStride == 1) * depthStride),
        lineStride_(lineStride),
        depthStride_(depthStride),
        lines_(lines < kLines ? int(lines) : kLines) {}

  /** Of the next kDepth values, of which there are `depth`; zeros beyond. */
  __device__ void load(int depth) {
    const bool along = depthStride_ == 1;
    const int64_t step =
        along ? kMatmulThreads / kDepth * lineStride_ : kMatmulThreads / kLines * depthStride_;
    VK_UNROLL
    for (int i = 0; i < kEach; ++i) {
      const bool there = line(i, along) < lines_ && at(i, along) < depth;
      values_[i] = there ? data_[i * step] : T(0);
    }
    data_ += kDepth * depthStride_;
  }
  __device__ void store(T* shared) const {
    store(shared, [](T value) { return value; });
  }
  template <class Number, class Round>
  __device__ void store(Number* shared, const Round& round) const {
    const bool along = depthStride_ == 1;
    VK_UNROLL
    for (int i = 0; i < kEach; ++i) {
      shared[at(i, along) * kStride + line(i, along)] = round(values_[i]);
    }
  }

 private:
  /** Of a thread's value i. */
  __device__ static int line(int i, bool along) {
    return along ? int(threadIdx.x) / kDepth + i * (kMatmulThreads / kDepth)
                 : int(threadIdx.x) % kLines;
  }
  __device__ static int at(int i, bool along) {
    return along ? int(threadIdx.x) % kDepth
                 : int(threadIdx.x) / kLines + i * (kMatmulThreads / kLines);
  }

  const T* data_;
  int64_t lineStride_;
  int64_t depthStride_;
  int lines_;
  T values_[kEach];
};

__device__ inline MatmulOffsets offsetsOf(const MatmulArgs& args, int64_t batch) {
  MatmulOffsets offsets{0, 0, 0, batch * args.m * args.n};
  for (int32_t axis = args.batchAxes - 1; axis >= 0; --axis) {
    const int64_t at = batch % args.batchSize[axis];
    batch /= args.batchSize[axis];
    offsets.a += at * args.aBatch[axis];
    offsets.b += at * args.bBatch[axis];
    offsets.c += at * args.cBatch[axis];
  }
  return offsets;
}

/** Writes one output: what comes after the sum. */
template <class T>
__device__ void finish(const MatmulArgs& args, const Work& work, const MatmulOffsets& offsets,
                       int64_t row, int64_t column, T sum) {
  T value = T(args.alpha) * sum;
  if (args.c != nullptr) {
    value += T(args.beta) *
             static_cast<const T*>(args.c)[offsets.c + row * args.cRow + column * args.cColumn];
  }
  if (value < 0 && args.activation != VK_ACTIVATION_NONE) {
    value = args.activation == VK_ACTIVATION_RELU ? T(0) : T(args.negativeSlope) * value;
  }
  static_cast<T*>(args.output)[offsets.output + row * work.outputRow + column * work.outputColumn] =
      value;
}

/** What a block works on: its first row and column, and which part of which product of the batch.
 * In shared memory while it sums, as registers are scarce. */
struct Place {
  int64_t row;
  int64_t column;
  int64_t part;
};

template <class Tile>
__device__ Place placeOf(const Work& work, int64_t item) {
  const int64_t inRow = item / work.columnTiles;
  return {inRow % work.rowTiles * Tile::rows, item % work.columnTiles * Tile::columns,
          inRow / work.rowTiles};
}

/** Values of the depth that the next step has. */
template <class Tile>
__device__ int stepOf(int64_t rest) {
  return rest < Tile::depth ? int(rest) : Tile::depth;
}

inline int64_t batchesOf(const MatmulArgs& args) {
  int64_t batches = 1;
  for (int32_t axis = 0; axis < args.batchAxes; ++axis) batches *= args.batchSize[axis];
  return batches;
}

/** Parts of the depth of at least 256, for about as many blocks as a device has room for. */
inline int64_t splitsOf(const MatmulArgs& args) {
  const int64_t tiles = batchesOf(args) * chunkCount(args.m, 64) * chunkCount(args.n, 64);
  if (tiles == 0 || tiles >= 128) return 1;
  return std::max<int64_t>(1, std::min(args.k / 256, 256 / tiles));
}

/** For tiles of Tile::rows by Tile::columns. */
template <class Tile>
Work workOf(const MatmulArgs& args, bool transposed) {
  Work work{};
  work.rowTiles = chunkCount(args.m, Tile::rows);
  work.columnTiles = chunkCount(args.n, Tile::columns);
  work.batches = batchesOf(args);
  work.splits = splitsOf(args);
  // Whole steps of every tile.
  static_assert(32 % Tile::depth == 0);
  work.depthEach = work.splits > 1 ? chunkCount(chunkCount(args.k, work.splits), 32) * 32 : args.k;
  work.outputRow = transposed ? 1 : args.n;
  work.outputColumn = transposed ? args.m : 1;
  return work;
}

/** Starts a kernel of f32 sums, and adds the parts of the depth. */
void runTensorTiles(const MatmulArgs& args, Context& context, const Workspace& workspace,
                    const Work& work, void (*kernel)(MatmulArgs, Work, float*));

}  // namespace vk::cuda
