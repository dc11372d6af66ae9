// The candidates of a box on one level: the anchors whose centres are the nearest to its own, of
// equal ones the first, the nearest first. A block finds how far the last one lies digit by digit,
// as a radix sort would, collects what is nearer, and sorts that alone.
#pragma once

#include "box_iou/box_iou_math.h"
#include "box_matcher/anchor_order.h"
#include "box_matcher/box_matcher.h"
#include "cuda/scan.h"

namespace vk::cuda {

namespace atss {

constexpr int kThreads = 256;
constexpr int kDigitBits = 8;
constexpr int kDigits = 1 << kDigitBits;
static_assert(kThreads == kDigits, "a thread looks after a digit");

template <class T>
struct Candidate {
  Order<T> distance;
  unsigned anchor;
};

template <class T>
__device__ inline bool isBefore(const Candidate<T>& a, const Candidate<T>& b) {
  return a.distance < b.distance || (a.distance == b.distance && a.anchor < b.anchor);
}

/** A box's centre, and the anchors of a level. */
template <class T>
struct Level {
  Boxes anchors;
  int64_t begin;
  int64_t end;
  T centre[3];

  /** Whether the anchor is one that may be a candidate, and its distance. */
  __device__ bool distanceOf(int64_t anchor, Order<T>* distance) const {
    const BoxSides<T> sides = boxSidesOf<T>(anchors, anchor);
    if (sides.volume != sides.volume) return false;
    T sum = 0;
    for (int axis = 0; axis < anchors.dimensions; ++axis) {
      const T along = (sides.low[axis] + sides.high[axis]) * T(0.5) - centre[axis];
      sum += along * along;
    }
    *distance = orderOf(sum);
    return true;
  }
};

/** The distance of the farthest candidate, how many are nearer, and how many are taken of those
 * that are as far. */
template <class T>
struct Limit {
  Order<T> distance;
  unsigned nearer;
  unsigned equal;
};

/** Every thread of the block calls it, and gets the same. `counts` holds a number a digit and two
 * more, `sums` one a warp and one more. */
template <class T>
__device__ Limit<T> findLimit(const Level<T>& level, unsigned wanted, unsigned* counts,
                              unsigned* sums) {
  constexpr int kBits = 8 * int(sizeof(T));
  Limit<T> limit{0, 0, wanted};
  for (int shift = kBits - kDigitBits; shift >= 0; shift -= kDigitBits) {
    __syncthreads();
    counts[threadIdx.x] = 0;
    if (threadIdx.x == 0) counts[kDigits] = kNobody;
    __syncthreads();
    for (int64_t i = level.begin + threadIdx.x; i < level.end; i += kThreads) {
      Order<T> distance;
      if (!level.distanceOf(i, &distance)) continue;
      // The digits before are those of the limit; there are none at first.
      const Order<T> differs = distance ^ limit.distance;
      if (shift + kDigitBits < kBits && (differs >> (shift + kDigitBits)) != 0) continue;
      atomicAdd(&counts[int(distance >> shift) & (kDigits - 1)], 1u);
    }
    __syncthreads();
    unsigned all;
    const unsigned own = counts[threadIdx.x];
    const unsigned before = blockExclusiveSum<kThreads>(own, sums, &all);
    // With fewer anchors than are wanted all are.
    const unsigned left = min(limit.equal, all);
    if (before < left && left <= before + own) {
      counts[kDigits] = threadIdx.x;
      counts[kDigits + 1] = before;
    }
    __syncthreads();
    if (counts[kDigits] == kNobody) return {0, 0, 0};
    limit.distance |= Order<T>(counts[kDigits]) << shift;
    limit.nearer += counts[kDigits + 1];
    limit.equal = left - counts[kDigits + 1];
  }
  return limit;
}

/** Writes the candidates, in no order, and gives their number. */
template <class T>
__device__ unsigned collect(const Level<T>& level, const Limit<T>& limit, Candidate<T>* to,
                            unsigned* written, unsigned* sums) {
  __syncthreads();
  if (threadIdx.x == 0) *written = 0;
  unsigned equalBefore = 0;
  for (int64_t first = level.begin; first < level.end; first += kThreads) {
    const int64_t i = first + threadIdx.x;
    Order<T> distance = 0;
    const bool has = i < level.end && level.distanceOf(i, &distance);
    const bool isNearer = has && distance < limit.distance;
    const bool isEqual = has && distance == limit.distance;
    if (__syncthreads_or(isNearer || isEqual) == 0) continue;
    unsigned equal;
    const unsigned before =
        equalBefore + blockExclusiveSum<kThreads>(isEqual ? 1u : 0u, sums, &equal);
    // Of those that are as far the first are taken.
    if (isNearer || (isEqual && before < limit.equal)) {
      to[atomicAdd(written, 1u)] = {distance, unsigned(i)};
    }
    equalBefore += equal;
  }
  __syncthreads();
  return limit.nearer + limit.equal;
}

/** A bitonic network in which every comparison is ascending, so that what is missing to a power of
 * two may be thought of behind the last one. */
template <class T>
__device__ void sortCandidates(Candidate<T>* items, int64_t count) {
  const auto exchange = [&](int64_t i, int64_t other) {
    if (other <= i || other >= count || !isBefore(items[other], items[i])) return;
    const Candidate<T> item = items[i];
    items[i] = items[other];
    items[other] = item;
  };
  for (int64_t width = 2; width < 2 * count; width *= 2) {
    for (int64_t i = threadIdx.x; i < count; i += kThreads) exchange(i, i ^ (width - 1));
    __syncthreads();
    for (int64_t step = width / 4; step > 0; step /= 2) {
      for (int64_t i = threadIdx.x; i < count; i += kThreads) exchange(i, i ^ step);
      __syncthreads();
    }
  }
}

}  // namespace atss

/** The candidates of all boxes, of each in the order of the levels and distances. */
template <class T>
struct AtssCandidates {
  atss::Candidate<T>* items;
  /** By item: its overlap with the box, or 0 where it is not to be matched. */
  T* overlaps;
  /** By box: how many there are so far. */
  unsigned* counts;
  /** Most of a box. */
  int64_t most;
};

/** A block a box: appends its candidates on one level. */
template <class T>
__global__ void __launch_bounds__(atss::kThreads, 1)
    findCandidates(BoxMatcherAtssArgs args, int64_t begin, int64_t end, AtssCandidates<T> found) {
  using namespace atss;
  VK_SHARED(unsigned, counts, kDigits + 2);
  VK_SHARED(unsigned, sums, kThreads / kWarpSize + 1);
  VK_SHARED(unsigned, written, 1);
  for (int64_t box = blockIdx.x; box < args.boxes.count; box += gridDim.x) {
    const BoxSides<T> sides = boxSidesOf<T>(args.boxes, box);
    if (sides.volume != sides.volume) continue;
    Level<T> level{args.anchors, begin, end, {}};
    for (int axis = 0; axis < 3; ++axis) {
      level.centre[axis] = (sides.low[axis] + sides.high[axis]) * T(0.5);
    }
    const Limit<T> limit = findLimit(level, unsigned(args.candidates), counts, sums);
    const unsigned before = found.counts[box];
    atss::Candidate<T>* const to = found.items + box * found.most + before;
    const unsigned count = collect(level, limit, to, written, sums);
    sortCandidates(to, count);
    if (threadIdx.x == 0) found.counts[box] = before + count;
  }
}

}  // namespace vk::cuda
