// The k best of a list by a block: the k-th best key digit by digit, then all that is not behind
// it, in the order of the list.
#pragma once

#include "cuda/elements.h"
#include "cuda/sort.h"

namespace vk::cuda {

constexpr int kTopThreads = 256;

/** A key, the least being the best, and where its element lies along the axis: a number as wide. */
template <class Key>
struct TopCandidate {
  Key key;
  Key index;
};

template <class Key>
__device__ inline bool isBefore(const TopCandidate<Key>& a, const TopCandidate<Key>& b) {
  return a.key < b.key || (a.key == b.key && a.index < b.index);
}

/** Lists of candidates one after the other. */
template <class Key>
struct TopCandidates {
  Key* keys;
  Key* indices;
};

/** What the bits of an element mean. */
enum class TopKind { kUnsigned, kSigned, kFloat };

/** Elements as their bits: a kernel for all types of a size. */
template <class Key>
struct TopColumns {
  const Key* input;
  int64_t count;
  int64_t size;
  /** From an element to the next. */
  int64_t step;
  Divider inner;
  int64_t k;
  TopKind kind;
  bool largest;

  __device__ const Key* elements(int64_t column) const {
    // The outer position times (size - 1) rows of columns lies in front besides the column.
    return input + column + inner.quotient(column) * (size - 1) * step;
  }
  __device__ int64_t output(int64_t column, int64_t j) const {
    return column + inner.quotient(column) * (k - 1) * step + j * step;
  }
  /** Both zeros are alike, NaN is above all. */
  __device__ Key key(Key bits) const {
    constexpr Key kSign = Key(1) << (8 * sizeof(Key) - 1);
    constexpr Key kInfinity = sizeof(Key) == 4 ? Key(0x7F800000u) : Key(0x7FF0000000000000u);
    Key ordered = bits;
    if (kind == TopKind::kSigned) {
      ordered = bits ^ kSign;
    } else if (kind == TopKind::kFloat) {
      const Key magnitude = bits & ~kSign;
      ordered = magnitude > kInfinity            ? ~Key(0)
                : magnitude != 0 && bits > kSign ? ~bits
                                                 : magnitude | kSign;
    }
    return largest ? ~ordered : ordered;
  }
};

/** Slices of columns as lists. */
template <class Key>
struct TopSlices {
  TopColumns<Key> columns;
  int64_t slices;

  struct List {
    const TopColumns<Key>* columns;
    const Key* elements;
    int64_t begin;
    int64_t count;
    __device__ Key key(int64_t i) const {
      return columns->key(elements[(begin + i) * columns->step]);
    }
    __device__ Key index(int64_t i) const { return Key(begin + i); }
  };
  __device__ List list(int64_t number) const {
    const int64_t column = number / slices;
    const int64_t slice = number - column * slices;
    const int64_t begin = slice * columns.size / slices;
    const int64_t end = (slice + 1) * columns.size / slices;
    return {&columns, columns.elements(column), begin, end - begin};
  }
};

/** Lists of candidates, all as long. */
template <class Key>
struct TopLists {
  TopCandidates<Key> candidates;
  int64_t length;

  struct List {
    const Key* keys;
    const Key* indices;
    int64_t count;
    __device__ Key key(int64_t i) const { return keys[i]; }
    __device__ Key index(int64_t i) const { return indices[i]; }
  };
  __device__ List list(int64_t number) const {
    return {candidates.keys + number * length, candidates.indices + number * length, length};
  }
};

/** Keys whose upper bits are below `limit` are among the best, and the first `ties` of those whose
 * are equal to it. */
template <class Key>
struct TopLimit {
  Key limit;
  Key shift;
  int64_t ties;
};

/** Every thread gets it; `counts` has an element a digit, `sums` one a warp and one more. */
template <class Key, class List>
__device__ inline TopLimit<Key> findLimit(const List& list, int64_t k, unsigned* counts,
                                          int64_t* sums, TopLimit<Key>* found) {
  static_assert(kTopThreads == radix::kDigits);
  constexpr Key kBits = 8 * sizeof(Key);
  TopLimit<Key> best{0, kBits, k};
  while (best.shift > 0) {
    const Key shift = best.shift - radix::kDigitBits;
    counts[threadIdx.x] = 0;
    __syncthreads();
    for (int64_t i = threadIdx.x; i < list.count; i += kTopThreads) {
      const Key key = list.key(i);
      // A shift by all bits is none.
      const bool joins = best.shift == kBits || key >> best.shift == best.limit;
      if (joins) atomicAdd(&counts[int(key >> shift) & (radix::kDigits - 1)], 1u);
    }
    __syncthreads();
    const int64_t own = counts[threadIdx.x];
    int64_t all;
    const int64_t before = blockExclusiveSum<kTopThreads>(own, sums, &all);
    if (before < best.ties && before + own >= best.ties) {
      *found = {Key(Key(best.limit << radix::kDigitBits) | Key(threadIdx.x)), shift,
                best.ties - before};
    }
    __syncthreads();
    const unsigned equal = counts[unsigned(found->limit) & (radix::kDigits - 1)];
    best = *found;
    __syncthreads();
    // All that begin like this are among the best: no need to tell them apart.
    if (int64_t(equal) == best.ties) break;
  }
  return best;
}

/** The k best of each list, in its order. A list has as many at least. */
template <class Key, class Lists>
__global__ void __launch_bounds__(kTopThreads, 2)
    selectBest(Lists lists, int64_t k, int64_t count, TopCandidates<Key> best) {
  // Rounds in which a warp looks at its elements of a tile, 32 neighbours each time.
  constexpr int kRounds = 8;
  // What is better and what is equal, counted in one number.
  constexpr int64_t kBetter = int64_t{1} << 32;
  VK_SHARED(unsigned, counts, radix::kDigits);
  VK_SHARED(int64_t, sums, kTopThreads / kWarpSize + 1);
  VK_SHARED(TopLimit<Key>, found, 1);
  const int lane = threadIdx.x % kWarpSize;
  const unsigned lower = (1u << lane) - 1;
  for (int64_t number = blockIdx.x; number < count; number += gridDim.x) {
    const auto list = lists.list(number);
    const TopLimit<Key> limit = findLimit<Key>(list, k, counts, sums, found);
    int64_t better = 0;
    int64_t equal = 0;
    for (int64_t begin = 0; begin < list.count && better + min(equal, limit.ties) < k;
         begin += kTopThreads * kRounds) {
      const int64_t first = begin + int64_t(threadIdx.x - lane) * kRounds + lane;
      Key keys[kRounds];
      unsigned betters[kRounds];
      unsigned equals[kRounds];
      int64_t ofWarp = 0;
      VK_UNROLL
      for (int round = 0; round < kRounds; ++round) {
        const int64_t i = first + round * kWarpSize;
        keys[round] = i < list.count ? list.key(i) : Key(0);
        const Key upper = Key(keys[round] >> limit.shift);
        betters[round] = __ballot_sync(kWholeWarp, i < list.count && upper < limit.limit);
        equals[round] = __ballot_sync(kWholeWarp, i < list.count && upper == limit.limit);
        ofWarp += kBetter * __popc(betters[round]) + __popc(equals[round]);
      }
      int64_t all;
      int64_t before = blockExclusiveSum<kTopThreads>(lane == 0 ? ofWarp : int64_t{0}, sums, &all);
      before = __shfl_sync(kWholeWarp, before, 0);
      VK_UNROLL
      for (int round = 0; round < kRounds; ++round) {
        const bool isBetter = (betters[round] >> lane & 1u) != 0;
        const bool isEqual = (equals[round] >> lane & 1u) != 0;
        const int64_t ties = equal + before % kBetter + __popc(equals[round] & lower);
        if (isBetter || (isEqual && ties < limit.ties)) {
          const int64_t to = number * k + better + before / kBetter +
                             __popc(betters[round] & lower) + min(ties, limit.ties);
          best.keys[to] = keys[round];
          best.indices[to] = list.index(first + round * kWarpSize);
        }
        before += kBetter * __popc(betters[round]) + __popc(equals[round]);
      }
      better += all / kBetter;
      equal += all % kBetter;
    }
    __syncthreads();
  }
}

}  // namespace vk::cuda
