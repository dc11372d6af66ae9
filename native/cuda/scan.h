// Running sums: of a warp, of a block, and of an array of any length. A sum's order depends on its
// place alone, so those of floats have the same bits in every run.
#pragma once

#include "core/carve.h"
#include "core/parallel.h"
#include "cuda/kernel.h"

namespace vk::cuda {

/** The sum up to and with this lane's value. Whole warps call it. */
template <class T>
__device__ inline T warpInclusiveSum(T value) {
  const int lane = threadIdx.x % kWarpSize;
  for (int distance = 1; distance < kWarpSize; distance *= 2) {
    const T other = __shfl_up_sync(kWholeWarp, value, distance);
    if (lane >= distance) value = other + value;
  }
  return value;
}

/** The sum of the values of the threads before this one; `total` is that of all, for every thread.
 * `shared` holds an element for each warp and one more. Every thread of the block calls it. */
template <int kThreads, class T>
__device__ inline T blockExclusiveSum(T value, T* shared, T* total) {
  constexpr int kWarps = kThreads / kWarpSize;
  static_assert(kThreads % kWarpSize == 0 && kWarps <= kWarpSize);
  const int lane = threadIdx.x % kWarpSize;
  const int warp = threadIdx.x / kWarpSize;
  const T inclusive = warpInclusiveSum(value);
  __syncthreads();  // of an earlier sum in the same memory
  if (lane == kWarpSize - 1) shared[warp] = inclusive;
  __syncthreads();
  if (warp == 0) {
    const T own = lane < kWarps ? shared[lane] : T(0);
    const T sum = warpInclusiveSum(own);
    // Before each warp; behind the last one all.
    const T before = __shfl_up_sync(kWholeWarp, sum, 1);
    if (lane < kWarps) shared[lane] = lane == 0 ? T(0) : before;
    if (lane == kWarps - 1) shared[kWarps] = sum;
  }
  __syncthreads();
  *total = shared[kWarps];
  // Not the inclusive sum less the value: that would round, and be NaN behind an infinity.
  const T previous = __shfl_up_sync(kWholeWarp, inclusive, 1);
  return lane == 0 ? shared[warp] : shared[warp] + previous;
}

namespace scan {

constexpr int kThreads = 256;
constexpr int kEach = 8;
/** Values of a block. */
constexpr int64_t kTile = int64_t(kThreads) * kEach;

/** Sums of tiles of `values`. */
template <class T>
__global__ void __launch_bounds__(kThreads)
    tileSums(const T* values, int64_t count, int64_t tiles, T* sums) {
  VK_SHARED(T, shared, kThreads / kWarpSize);
  for (int64_t tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    T sum = 0;
    for (int k = 0; k < kEach; ++k) {
      const int64_t i = tile * kTile + k * kThreads + threadIdx.x;
      if (i < count) sum += values[i];
    }
    sum = blockSum<kThreads>(sum, shared);
    if (threadIdx.x == 0) sums[tile] = sum;
  }
}

/** Each value becomes the sum of those before it, from what comes before its tile on. With one tile
 * `before` is null and `total`, where wanted, is all. */
template <class T>
__global__ void __launch_bounds__(kThreads)
    scanTiles(T* values, int64_t count, int64_t tiles, const T* before, T* total) {
  VK_SHARED(T, shared, kThreads / kWarpSize + 1);
  for (int64_t tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    T carry = before != nullptr ? before[tile] : T(0);
    for (int k = 0; k < kEach; ++k) {
      const int64_t first = tile * kTile + k * kThreads;
      if (first >= count) break;
      const int64_t i = first + threadIdx.x;
      T sum;
      const T own = blockExclusiveSum<kThreads>(i < count ? values[i] : T(0), shared, &sum);
      if (i < count) values[i] = carry + own;
      carry += sum;
    }
    if (total != nullptr && tile == tiles - 1 && threadIdx.x == 0) *total = carry;
  }
}

}  // namespace scan

/** Bytes of scratch memory that exclusiveSum wants. */
template <class T>
int64_t exclusiveSumBytes(int64_t count) {
  Carver carver(nullptr);
  for (int64_t n = chunkCount(count, scan::kTile); n > 1; n = chunkCount(n, scan::kTile)) {
    carver.take<T>(n);
  }
  return carver.bytes();
}

/** Puts the sum of all values before it in each value's place, and that of all in `total` where it
 * is not null; both lie on the device. `scratch` is aligned to T. */
template <class T>
void exclusiveSum(Context& context, T* values, int64_t count, T* total, void* scratch) {
  using namespace scan;
  const int64_t tiles = count > 0 ? chunkCount(count, kTile) : 1;
  const Grid grid{dim3(blocksFor(tiles, 1)), dim3(kThreads)};
  T* sums = nullptr;
  if (tiles > 1) {
    Carver carver(scratch);
    sums = carver.take<T>(tiles);
    launch(context, grid, tileSums<T>, values, count, tiles, sums);
    exclusiveSum<T>(context, sums, tiles, nullptr, static_cast<char*>(scratch) + carver.bytes());
  }
  launch(context, grid, scanTiles<T>, values, count, tiles, sums, total);
}

}  // namespace vk::cuda
