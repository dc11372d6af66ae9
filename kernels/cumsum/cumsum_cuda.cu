#include "cuda/cuda_table.h"
#include "cuda/elements.h"
#include "cuda/scan.h"
#include "cumsum/cumsum.h"

namespace vk::cumsum_cuda {
namespace {

using namespace cuda;

constexpr int kThreads = 256;
/** Neighbouring elements of a row that a thread adds before it meets the others. */
constexpr int kEach = 4;
constexpr int64_t kTile = int64_t(kThreads) * kEach;
/** Rows up to this length are a thread's: those of a warp lie close together. */
constexpr int64_t kShort = 32;

/** Lines along the axis, and the slices that each is cut into. */
struct Lines {
  int64_t count;
  int64_t size;
  int64_t step;
  Divider inner;
  int64_t slices;
  int64_t sliceSize;
  bool exclusive;
  bool reverse;

  /** Offset of the first element that is summed, and `direction` that of each next one. */
  __device__ int64_t first(int64_t line) const {
    const int64_t outer = inner.quotient(line);
    const int64_t start = (outer * size - outer) * inner.divisor() + line;
    return reverse ? start + (size - 1) * step : start;
  }
  __device__ int64_t direction() const { return reverse ? -step : step; }
};

bool areRows(const CumsumArgs& args) { return args.split.inner == 1 && args.split.size > kShort; }

Lines linesOf(const CumsumArgs& args) {
  const AxisSplit& split = args.split;
  Lines lines{split.outer * split.inner,
              split.size,
              split.inner,
              Divider(split.inner),
              1,
              0,
              args.exclusive,
              args.reverse};
  // As many slices as make a device busy, none of them short.
  const int64_t busy = areRows(args) ? 512 : 65536;
  const int64_t least = areRows(args) ? 4 * kTile : 64;
  if (lines.count > 0 && lines.size > 0) {
    const int64_t wanted = busy / lines.count;
    const int64_t possible = lines.size / least;
    lines.slices = wanted < possible ? wanted : possible;
    if (lines.slices < 1) lines.slices = 1;
    lines.sliceSize = chunkCount(lines.size, lines.slices);
    if (areRows(args)) lines.sliceSize = roundUp(lines.sliceSize, kTile);
    lines.slices = chunkCount(lines.size, lines.sliceSize);
  }
  return lines;
}

/** A thread a line and slice, neighbouring lines side by side. With `totals` alone it only sums. */
template <class T, class Sum>
__global__ void __launch_bounds__(kElementThreads, kElementBlocks)
    sumColumns(Lines lines, const T* input, T* output, const Sum* before, Sum* totals) {
  constexpr int kAhead = 4;
  forEachItem(lines.count * lines.slices, [&](int64_t item) {
    const int64_t slice = item / lines.count;
    const int64_t line = item - slice * lines.count;
    const int64_t first = lines.first(line);
    const int64_t step = lines.direction();
    const int64_t end = min(lines.size, (slice + 1) * lines.sliceSize);
    Sum sum = before != nullptr ? before[item] : Sum(0);
    for (int64_t i = slice * lines.sliceSize; i < end; i += kAhead) {
      T values[kAhead];
      VK_UNROLL
      for (int k = 0; k < kAhead; ++k) {
        if (i + k < end) values[k] = input[first + (i + k) * step];
      }
      VK_UNROLL
      for (int k = 0; k < kAhead; ++k) {
        if (i + k >= end) break;
        const Sum with = sum + Sum(values[k]);
        if (totals == nullptr) output[first + (i + k) * step] = T(lines.exclusive ? sum : with);
        sum = with;
      }
    }
    if (totals != nullptr) totals[item] = sum;
  });
}

/** Of each line's slices the sums before it, a thread a line. */
template <class Sum>
__global__ void __launch_bounds__(kElementThreads, kElementBlocks)
    scanColumns(int64_t lines, int64_t slices, Sum* totals) {
  forEachItem(lines, [&](int64_t line) {
    Sum sum = 0;
    for (int64_t slice = 0; slice < slices; ++slice) {
      const Sum own = totals[slice * lines + line];
      totals[slice * lines + line] = sum;
      sum += own;
    }
  });
}

/** The same for contiguous lines: a block a row and slice. Tiles go through shared memory, so that
 * memory is read and written in whole lines and a thread has neighbours. */
template <class T, class Sum>
__global__ void __launch_bounds__(kThreads)
    sumRows(Lines lines, const T* input, T* output, const Sum* before, Sum* totals) {
  VK_SHARED(Sum, sums, kThreads / kWarpSize + 1);
  VK_SHARED(T, tile, kTile);
  for (int64_t item = blockIdx.x; item < lines.count * lines.slices; item += gridDim.x) {
    const int64_t line = item / lines.slices;
    const int64_t slice = item - line * lines.slices;
    const int64_t first = lines.first(line);
    const int64_t step = lines.direction();
    const int64_t end = min(lines.size, (slice + 1) * lines.sliceSize);
    Sum carry = before != nullptr ? before[item] : Sum(0);
    for (int64_t begin = slice * lines.sliceSize; begin < end; begin += kTile) {
      VK_UNROLL
      for (int k = 0; k < kEach; ++k) {
        const int at = k * kThreads + threadIdx.x;
        tile[at] = begin + at < end ? input[first + (begin + at) * step] : T(0);
      }
      __syncthreads();
      Sum own[kEach + 1];
      own[0] = 0;
      VK_UNROLL
      for (int k = 0; k < kEach; ++k) own[k + 1] = own[k] + Sum(tile[threadIdx.x * kEach + k]);
      Sum all;
      const Sum start = carry + blockExclusiveSum<kThreads>(own[kEach], sums, &all);
      carry += all;
      if (totals == nullptr) {
        VK_UNROLL
        for (int k = 0; k < kEach; ++k) {
          tile[threadIdx.x * kEach + k] = T(start + own[lines.exclusive ? k : k + 1]);
        }
        __syncthreads();
        VK_UNROLL
        for (int k = 0; k < kEach; ++k) {
          const int at = k * kThreads + threadIdx.x;
          if (begin + at < end) output[first + (begin + at) * step] = tile[at];
        }
      }
      __syncthreads();
    }
    if (totals != nullptr && threadIdx.x == 0) totals[item] = carry;
  }
}

/** A block a row. */
template <class Sum>
__global__ void __launch_bounds__(kThreads) scanRows(int64_t lines, int64_t slices, Sum* totals) {
  VK_SHARED(Sum, sums, kThreads / kWarpSize + 1);
  for (int64_t line = blockIdx.x; line < lines; line += gridDim.x) {
    Sum carry = 0;
    for (int64_t begin = 0; begin < slices; begin += kThreads) {
      const int64_t slice = begin + threadIdx.x;
      Sum* const own = totals + line * slices + slice;
      Sum all;
      const Sum before = blockExclusiveSum<kThreads>(slice < slices ? *own : Sum(0), sums, &all);
      if (slice < slices) *own = carry + before;
      carry += all;
    }
  }
}

Refusal accepts(const CumsumArgs& args) {
  const bool takes =
      args.type == VK_F32 || args.type == VK_F64 || args.type == VK_I32 || args.type == VK_I64;
  return takes ? "" : "takes f32, f64, i32 and i64 only";
}

int64_t workspaceBytes(const CumsumArgs& args) {
  const Lines lines = linesOf(args);
  return lines.slices > 1 ? lines.count * lines.slices * int64_t(sizeof(double)) : 0;
}

/** Sum is unsigned for whole numbers, which wrap around. */
template <class T, class Sum>
void sum(const CumsumArgs& args, Context& context, const Workspace& workspace) {
  const Lines lines = linesOf(args);
  if (lines.count == 0 || lines.size == 0) return;
  const T* const input = static_cast<const T*>(args.input);
  T* const output = static_cast<T*>(args.output);
  const bool rows = areRows(args);
  const int64_t items = lines.count * lines.slices;
  const Grid grid = rows ? Grid{dim3(blocksFor(items, 1)), dim3(kThreads)} : gridOver(items);
  const auto kernel = rows ? sumRows<T, Sum> : sumColumns<T, Sum>;
  Sum* const totals = lines.slices > 1 ? workspace.as<Sum>() : nullptr;
  if (totals != nullptr) {
    launch(context, grid, kernel, lines, input, output, nullptr, totals);
    launch(context,
           rows ? Grid{dim3(blocksFor(lines.count, 1)), dim3(kThreads)} : gridOver(lines.count),
           rows ? scanRows<Sum> : scanColumns<Sum>, lines.count, lines.slices, totals);
  }
  launch(context, grid, kernel, lines, input, output, totals, nullptr);
}

void runCumsum(const CumsumArgs& args, Context& context, const Workspace& workspace) {
  switch (args.type) {
    case VK_I32:
      return sum<int32_t, uint32_t>(args, context, workspace);
    case VK_I64:
      return sum<int64_t, uint64_t>(args, context, workspace);
    case VK_F64:
      return sum<double, double>(args, context, workspace);
    default:
      return sum<float, double>(args, context, workspace);
  }
}

}  // namespace

extern "C" CudaImplementations<CumsumArgs> cumsumCuda() {
  static const Implementation<CumsumArgs> rows[] = {
      cuda::row<CumsumArgs>(runCumsum, accepts, workspaceBytes)};
  return cuda::table(rows);
}

}  // namespace vk::cumsum_cuda
