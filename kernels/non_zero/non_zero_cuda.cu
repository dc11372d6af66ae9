#include "core/carve.h"
#include "cuda/cuda_table.h"
#include "cuda/elements.h"
#include "cuda/scan.h"
#include "non_zero/non_zero.h"

namespace vk::non_zero_cuda {
namespace {

using namespace cuda;

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / kWarpSize;
/** Rounds in which a warp looks at its elements, 32 neighbours each time. */
constexpr int kRounds = 16;
constexpr int64_t kTile = int64_t(kThreads) * kRounds;

/** Which of its elements of each round are not 0, for every lane of the warp. */
template <class T>
__device__ void look(const T* values, int64_t count, int64_t first, T bits,
                     unsigned (&masks)[kRounds]) {
  VK_UNROLL
  for (int round = 0; round < kRounds; ++round) {
    const int64_t i = first + round * kWarpSize + threadIdx.x % kWarpSize;
    masks[round] = __ballot_sync(kWholeWarp, i < count && (values[i] & bits) != 0);
  }
}

/** First element of the warp in a tile. */
__device__ int64_t firstOf(int64_t tile) {
  return tile * kTile + int64_t(threadIdx.x / kWarpSize) * kRounds * kWarpSize;
}

__device__ int64_t countOf(const unsigned (&masks)[kRounds]) {
  int found = 0;
  VK_UNROLL
  for (int round = 0; round < kRounds; ++round) found += __popc(masks[round]);
  return found;
}

template <class T>
__global__ void __launch_bounds__(kThreads)
    countTiles(const T* values, int64_t count, int64_t tiles, T bits, int64_t* counts) {
  VK_SHARED(int64_t, sums, kWarps);
  for (int64_t tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    unsigned masks[kRounds];
    look(values, count, firstOf(tile), bits, masks);
    const bool leads = threadIdx.x % kWarpSize == 0;
    const int64_t sum = blockSum<kThreads>(leads ? countOf(masks) : int64_t{0}, sums);
    if (threadIdx.x == 0) counts[tile] = sum;
  }
}

struct Shape {
  int32_t rank;
  Divider sizes[VK_MAX_RANK];
};

/** Columns of a tile from `before` on, in the order of the elements. */
template <class T>
__global__ void __launch_bounds__(kThreads)
    writeTiles(const T* values, int64_t count, int64_t tiles, T bits, Shape shape,
               const int64_t* before, int64_t* indices, int64_t columns) {
  VK_SHARED(int64_t, sums, kWarps + 1);
  const int lane = threadIdx.x % kWarpSize;
  for (int64_t tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    unsigned masks[kRounds];
    look(values, count, firstOf(tile), bits, masks);
    int64_t all;
    const int64_t ofWarps =
        blockExclusiveSum<kThreads>(lane == 0 ? countOf(masks) : int64_t{0}, sums, &all);
    int64_t column = before[tile] + __shfl_sync(kWholeWarp, ofWarps, 0);
    VK_UNROLL
    for (int round = 0; round < kRounds; ++round) {
      if ((masks[round] >> lane & 1u) != 0) {
        const int64_t to = column + __popc(masks[round] & ((1u << lane) - 1));
        int64_t at = firstOf(tile) + round * kWarpSize + lane;
        VK_NO_UNROLL
        for (int32_t axis = shape.rank - 1; axis >= 0; --axis) {
          const int64_t rest = shape.sizes[axis].quotient(at);
          indices[axis * columns + to] = at - rest * shape.sizes[axis].divisor();
          at = rest;
        }
      }
      column += __popc(masks[round]);
    }
  }
}

struct Scratch {
  int64_t tiles;
  int64_t* counts;
  int64_t* total;
  void* sums;
  int64_t bytes;

  Scratch(const NonZeroInput& args, void* memory)
      : tiles(chunkCount(elementCount(args.input), kTile)) {
    Carver carver(memory);
    counts = carver.take<int64_t>(tiles);
    total = carver.take<int64_t>(1);
    sums = carver.take<char>(exclusiveSumBytes<int64_t>(tiles));
    bytes = carver.bytes();
  }
};

Grid gridOf(const Scratch& scratch) { return {dim3(blocksFor(scratch.tiles, 1)), dim3(kThreads)}; }

/** How many are not 0, and on the device how many in the tiles before each. */
int64_t countAll(const NonZeroInput& args, Context& context, const Scratch& scratch) {
  withBits(args.elementBytes, [&](auto zero) {
    using T = decltype(zero);
    launch(context, gridOf(scratch), countTiles<T>, static_cast<const T*>(args.input.data),
           elementCount(args.input), scratch.tiles, T(args.bits), scratch.counts);
  });
  exclusiveSum<int64_t>(context, scratch.counts, scratch.tiles, scratch.total, scratch.sums);
  int64_t count = 0;
  deliver(context, &count, scratch.total, sizeof count);
  return count;
}

void runCount(const NonZeroCountArgs& args, Context& context, const Workspace& workspace) {
  *args.count = countAll(args, context, Scratch(args, workspace.data));
}

void runNonZero(const NonZeroArgs& args, Context& context, const Workspace& workspace) {
  const Scratch scratch(args, workspace.data);
  const int64_t count = countAll(args, context, scratch);
  if (count != args.count) {
    invalidArgument("non_zero: %lld elements are not 0, but there are indices of %lld",
                    static_cast<long long>(count), static_cast<long long>(args.count));
  }
  if (count == 0) return;
  Shape shape{args.input.rank, {}};
  for (int32_t axis = 0; axis < shape.rank; ++axis) {
    shape.sizes[axis] = Divider(args.input.sizes[axis]);
  }
  withBits(args.elementBytes, [&](auto zero) {
    using T = decltype(zero);
    launch(context, gridOf(scratch), writeTiles<T>, static_cast<const T*>(args.input.data),
           elementCount(args.input), scratch.tiles, T(args.bits), shape, scratch.counts,
           args.indices, count);
  });
}

template <class Args>
int64_t workspaceBytes(const Args& args) {
  return Scratch(args, nullptr).bytes;
}

}  // namespace

extern "C" CudaImplementations<NonZeroCountArgs> non_zero_countCuda() {
  static const Implementation<NonZeroCountArgs> rows[] = {
      cuda::row<NonZeroCountArgs>(runCount, nullptr, workspaceBytes<NonZeroCountArgs>)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<NonZeroArgs> non_zeroCuda() {
  static const Implementation<NonZeroArgs> rows[] = {
      cuda::row<NonZeroArgs>(runNonZero, nullptr, workspaceBytes<NonZeroArgs>)};
  return cuda::table(rows);
}

}  // namespace vk::non_zero_cuda
