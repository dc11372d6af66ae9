// Sorting of keys with values: of an array of any length by the digits of its keys, which keeps the
// order of equal ones, and of what fits into a block's shared memory.
#pragma once

#include <cstdint>
#include <utility>

#include "core/host_device.h"
#include "cuda/scan.h"

namespace vk::cuda {

// Unsigned numbers in the order of the values: both zeros alike, NaN above all.

__device__ inline uint32_t sortKey(float value) {
  if (value != value) return UINT32_MAX;
  const uint32_t bits = __float_as_uint(value + 0.0f);  // -0 becomes 0
  return bits >> 31 != 0 ? ~bits : bits | 0x80000000u;
}
__device__ inline uint64_t sortKey(double value) {
  if (value != value) return UINT64_MAX;
  const uint64_t bits = uint64_t(__double_as_longlong(value + 0.0));
  return bits >> 63 != 0 ? ~bits : bits | uint64_t{1} << 63;
}
__device__ inline uint32_t sortKey(int32_t value) { return uint32_t(value) ^ 0x80000000u; }
__device__ inline uint64_t sortKey(int64_t value) {
  return uint64_t(value) ^ uint64_t { 1 } << 63;
}
__device__ inline uint32_t sortKey(uint32_t value) { return value; }
__device__ inline uint64_t sortKey(uint64_t value) { return value; }

/** The first of `count` sorted keys that is not less. */
template <class Key>
__device__ inline int64_t lowerBound(const Key* keys, int64_t count, Key key) {
  int64_t begin = 0, end = count;
  while (begin < end) {
    const int64_t middle = (begin + end) / 2;
    if (keys[middle] < key) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return begin;
}

/** Bits that the numbers below `count` have. */
inline int bitsOfNumbers(int64_t count) {
  int bits = 0;
  while (bits < 63 && (int64_t{1} << bits) < count) ++bits;
  return bits;
}

/** Sorts items in shared memory, of which there is a power of two. before(a, b) says whether a has
 * to come first; items that are equal by it may change places. Every thread of the block calls it.
 */
template <int kThreads, class T, class Before>
__device__ inline void blockSort(T* items, int count, const Before& before) {
  for (int width = 2; width <= count; width *= 2) {
    for (int step = width / 2; step > 0; step /= 2) {
      __syncthreads();
      for (int i = threadIdx.x; i < count / 2; i += kThreads) {
        const int low = 2 * i - (i & (step - 1));
        const int high = low + step;
        const T first = items[low];
        const T second = items[high];
        const bool ascends = (low & width) == 0;
        if (ascends ? before(second, first) : before(first, second)) {
          items[low] = second;
          items[high] = first;
        }
      }
    }
  }
  __syncthreads();
}

namespace radix {

constexpr int kDigitBits = 8;
constexpr int kDigits = 1 << kDigitBits;
constexpr int kThreads = 256;
constexpr int kWarps = kThreads / kWarpSize;
/** Items of a warp: rounds of one a lane. */
constexpr int kRounds = 16;
constexpr int64_t kTile = int64_t(kThreads) * kRounds;
static_assert(kThreads == kDigits, "a thread looks after a digit");

template <class Key>
__device__ inline int digitOf(Key key, int shift, int bits) {
  return int(key >> shift) & ((1 << bits) - 1);
}

/** How often each digit is in each tile, the tiles of a digit one after the other. */
template <class Key>
__global__ void __launch_bounds__(kThreads)
    countDigits(const Key* keys, int64_t count, int64_t tiles, int shift, int bits,
                int64_t* counts) {
  VK_SHARED(unsigned, found, kDigits);
  for (int64_t tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    found[threadIdx.x] = 0;
    __syncthreads();
    for (int round = 0; round < kRounds; ++round) {
      const int64_t i = tile * kTile + round * kThreads + threadIdx.x;
      if (i < count) atomicAdd(&found[digitOf(keys[i], shift, bits)], 1u);
    }
    __syncthreads();
    counts[int64_t(threadIdx.x) * tiles + tile] = found[threadIdx.x];
    __syncthreads();
  }
}

/** Moves each item to its place, from the place on that its digit has in its tile. A warp takes its
 * items in their order, so that equal digits keep it. */
template <class Key, class Value>
__global__ void __launch_bounds__(kThreads)
    moveItems(const Key* keys, const Value* values, int64_t count, int64_t tiles, int shift,
              int bits, const int64_t* places, Key* toKeys, Value* toValues) {
  VK_SHARED(int64_t, place, kDigits);
  VK_SHARED(unsigned, before, kWarps* kDigits);
  const int lane = threadIdx.x % kWarpSize;
  const int warp = threadIdx.x / kWarpSize;
  unsigned* const ofWarp = before + warp * kDigits;
  for (int64_t tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    const int64_t first = tile * kTile + int64_t(warp) * kRounds * kWarpSize + lane;
    for (int digit = lane; digit < kDigits; digit += kWarpSize) ofWarp[digit] = 0;
    place[threadIdx.x] = places[int64_t(threadIdx.x) * tiles + tile];
    __syncwarp();
    // Of the whole warp, so that few items take few rounds.
    const int64_t left = count - (first - lane);
    const int rounds =
        left < kRounds * kWarpSize ? int((left + kWarpSize - 1) / kWarpSize) : kRounds;
    for (int round = 0; round < rounds; ++round) {
      const int64_t i = first + round * kWarpSize;
      if (i < count) atomicAdd(&ofWarp[digitOf(keys[i], shift, bits)], 1u);
    }
    __syncthreads();
    unsigned sum = 0;
    for (int w = 0; w < kWarps; ++w) {
      const unsigned own = before[w * kDigits + threadIdx.x];
      before[w * kDigits + threadIdx.x] = sum;
      sum += own;
    }
    __syncthreads();
    for (int round = 0; round < rounds; ++round) {
      const int64_t i = first + round * kWarpSize;
      const bool has = i < count;
      const Key key = has ? keys[i] : Key(0);
      // Lanes without an item have a digit of their own.
      const int digit = has ? digitOf(key, shift, bits) : kDigits;
      const unsigned peers = __match_any_sync(kWholeWarp, digit);
      const int rank = __popc(peers & ((1u << lane) - 1));
      const unsigned start = has ? ofWarp[digit] : 0;
      __syncwarp();
      if (has && rank == 0) ofWarp[digit] = start + unsigned(__popc(peers));
      __syncwarp();
      if (!has) continue;
      const int64_t to = place[digit] + start + rank;
      toKeys[to] = key;
      toValues[to] = values[i];
    }
    __syncthreads();
  }
}

template <class Key, class Value>
struct Scratch {
  Key* keys;
  Value* values;
  int64_t* counts;
  void* sums;
  int64_t bytes;

  Scratch(int64_t count, void* memory) {
    const int64_t digits = kDigits * chunkCount(count, kTile);
    Carver carver(memory);
    keys = carver.take<Key>(count);
    values = carver.take<Value>(count);
    counts = carver.take<int64_t>(digits);
    sums = carver.take<char>(exclusiveSumBytes<int64_t>(digits));
    bytes = carver.bytes();
  }
};

}  // namespace radix

template <class Key, class Value>
int64_t radixSortBytes(int64_t count) {
  return radix::Scratch<Key, Value>(count, nullptr).bytes;
}

/** Sorts the keys (unsigned numbers), ascending by their bits [firstBit, endBit), and the values
 * with them; items that are equal in these stay in their order. `scratch` is aligned to 8 bytes. */
template <class Key, class Value>
void radixSort(Context& context, Key* keys, Value* values, int64_t count, int firstBit, int endBit,
               void* scratch) {
  using namespace radix;
  if (count == 0) return;
  const Scratch<Key, Value> other(count, scratch);
  const int64_t tiles = chunkCount(count, kTile);
  const Grid grid{dim3(blocksFor(tiles, 1)), dim3(kThreads)};
  Key* fromKeys = keys;
  Value* fromValues = values;
  Key* toKeys = other.keys;
  Value* toValues = other.values;
  for (int shift = firstBit; shift < endBit; shift += kDigitBits) {
    const int bits = endBit - shift < kDigitBits ? endBit - shift : kDigitBits;
    launch(context, grid, countDigits<Key>, fromKeys, count, tiles, shift, bits, other.counts);
    exclusiveSum<int64_t>(context, other.counts, kDigits * tiles, nullptr, other.sums);
    launch(context, grid, moveItems<Key, Value>, fromKeys, fromValues, count, tiles, shift, bits,
           other.counts, toKeys, toValues);
    std::swap(fromKeys, toKeys);
    std::swap(fromValues, toValues);
  }
  if (fromKeys == keys) return;
  const cudaStream_t stream = streamOf(context);
  check(cudaMemcpyAsync(keys, fromKeys, size_t(count) * sizeof(Key), cudaMemcpyDeviceToDevice,
                        stream));
  check(cudaMemcpyAsync(values, fromValues, size_t(count) * sizeof(Value), cudaMemcpyDeviceToDevice,
                        stream));
}

}  // namespace vk::cuda
