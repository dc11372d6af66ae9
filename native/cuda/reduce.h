// Reductions of warps and blocks beyond the sums of kernel.h: any operation, of numbers or of small
// structs. Every thread gets the result, and it is the same bits in each.
#pragma once

#include <cstring>
#include <type_traits>

#include "cuda/kernel.h"

namespace vk::cuda {

// --- what is combined. No default values, so that an array of it may be shared memory.

template <class A, class B = A>
struct Pair {
  A first;
  B second;
};

struct Plus {
  template <class T>
  __device__ T operator()(T a, T b) const {
    return a + b;
  }
  template <class A, class B>
  __device__ Pair<A, B> operator()(Pair<A, B> a, Pair<A, B> b) const {
    return {a.first + b.first, a.second + b.second};
  }
};

/** NaN where one of them is. */
struct Larger {
  template <class T>
  __device__ T operator()(T a, T b) const {
    return a > b || a != a ? a : b;
  }
};

struct Smaller {
  template <class T>
  __device__ T operator()(T a, T b) const {
    return a < b || a != a ? a : b;
  }
};

/** Of some values: their number, mean and sum of squared deviations from it. */
struct Spread {
  double count;
  double mean;
  double squares;
};

/** Puts two sets of values together (Chan, Golub, LeVeque). Either may be empty. */
struct JoinSpreads {
  __device__ Spread operator()(const Spread& a, const Spread& b) const {
    const double count = a.count + b.count;
    const double share = b.count / (count > 1 ? count : 1);
    const double difference = b.mean - a.mean;
    const double weight = a.count * share;
    const double apart = weight > 0 ? difference * difference * weight : 0;
    // An infinite mean stays infinite.
    const bool finite = fabs(difference) < INFINITY;
    return {count, finite ? a.mean + difference * share : a.mean + b.mean,
            a.squares + b.squares + apart};
  }
};

// --- warps

/** A shuffle of any plain type. */
template <class T>
__device__ inline T shuffleXor(T value, int lanes) {
  using Word = std::conditional_t<sizeof(T) % 8 == 0, unsigned long long, unsigned>;
  constexpr int kWords = int((sizeof(T) + sizeof(Word) - 1) / sizeof(Word));
  Word words[kWords] = {};
  memcpy(words, &value, sizeof(T));
  VK_UNROLL
  for (int i = 0; i < kWords; ++i) words[i] = __shfl_xor_sync(kWholeWarp, words[i], lanes);
  memcpy(&value, words, sizeof(T));
  return value;
}

/** Over each `kLanes` neighbouring lanes, a power of two, in the order of the lanes. All lanes of
 * the warp have to call it. */
template <int kLanes = kWarpSize, class T, class Combine>
__device__ inline T warpReduce(T value, Combine combine) {
  static_assert(kLanes > 0 && kLanes <= kWarpSize && (kLanes & (kLanes - 1)) == 0);
  VK_UNROLL
  for (int distance = 1; distance < kLanes; distance *= 2) {
    const T other = shuffleXor(value, distance);
    value = threadIdx.x & unsigned(distance) ? combine(other, value) : combine(value, other);
  }
  return value;
}

// --- blocks

/** Over the block's `kThreads` threads. `shared` holds an element for each warp. Every thread of
 * the block has to call it. */
template <int kThreads, class T, class Combine>
__device__ inline T blockReduce(T value, T* shared, Combine combine) {
  static_assert(kThreads % kWarpSize == 0 && kThreads <= 1024);
  value = warpReduce(value, combine);
  __syncthreads();  // of an earlier reduction in the same memory
  if (threadIdx.x % kWarpSize == 0) shared[threadIdx.x / kWarpSize] = value;
  __syncthreads();
  value = shared[0];
  VK_NO_UNROLL
  for (int warp = 1; warp < kThreads / kWarpSize; ++warp) value = combine(value, shared[warp]);
  return value;
}

/** The largest, or NaN where there is one. */
template <int kThreads, class T>
__device__ inline T blockMax(T value, T* shared) {
  return blockReduce<kThreads>(value, shared, Larger());
}

template <int kThreads, class T>
__device__ inline T blockMin(T value, T* shared) {
  return blockReduce<kThreads>(value, shared, Smaller());
}

}  // namespace vk::cuda
