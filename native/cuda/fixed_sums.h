// Sums that many threads add to in any order and that come out with the same bits: fixed-point
// numbers of 64 bits, in which addition has no rounding. Their unit follows from the largest number
// that is added, so it is the data's and not the schedule's.
#pragma once

#include "core/carve.h"
#include "cuda/kernel.h"

namespace vk::cuda {

/** Of the finite numbers among those to be added: the largest magnitude, as the bits of an f64,
 * which order as it does. */
struct FixedRange {
  unsigned long long largest;
  unsigned hasNonFinite;
};

template <class T>
__global__ void __launch_bounds__(256)
    fixedRange(const T* values, int64_t count, FixedRange* range) {
  double largest = 0;
  bool nonFinite = false;
  forEachItem(count, [&](int64_t i) {
    const double magnitude = fabs(double(values[i]));
    const bool finite = magnitude - magnitude == 0;
    nonFinite = nonFinite || !finite;
    if (finite && magnitude > largest) largest = magnitude;
  });
  for (int distance = kWarpSize / 2; distance > 0; distance /= 2) {
    largest = fmax(largest, __shfl_xor_sync(kWholeWarp, largest, distance));
  }
  const bool any = __any_sync(kWholeWarp, nonFinite) != 0;
  if (threadIdx.x % kWarpSize != 0) return;
  atomicMax(&range->largest, static_cast<unsigned long long>(__double_as_longlong(largest)));
  if (any) atomicOr(&range->hasNonFinite, 1u);
}

__device__ inline double powerOfTwo(int exponent) {
  return __longlong_as_double((1023LL + exponent) << 52);
}

__device__ inline long long roundedToInteger(float value) { return __float2ll_rn(value); }
__device__ inline long long roundedToInteger(double value) { return __double2ll_rn(value); }

/** Takes numbers to units of the sums and back; in two factors, since one may exceed the type. */
template <class T>
struct FixedUnit {
  T first;
  T second;
  double firstBack;
  double secondBack;

  __device__ FixedUnit(const FixedRange& range, int log2Addends) {
    // All numbers lie below 2^exponent, and the sums below 2^61.
    const int exponent = int(range.largest >> 52) - 1022;
    const int shift = 61 - log2Addends - exponent;
    const int half = shift / 2;
    first = T(powerOfTwo(half));
    second = T(powerOfTwo(shift - half));
    firstBack = powerOfTwo(-half);
    secondBack = powerOfTwo(half - shift);
  }
  /** Not yet rounded: weights below 1 may follow. */
  __device__ T scaled(T value) const { return value * first * second; }
  __device__ T restored(long long sum) const { return T(double(sum) * firstBack * secondBack); }
};

/** The sums, of `count` places. */
struct FixedSums {
  int64_t count;
  /** No place is given more than 2^log2Addends times the largest number. */
  int log2Addends;
  unsigned long long* sums;
  /** Four bits a place: it was given a NaN, infinity, its negative. */
  unsigned* nonFinite;
  FixedRange* range;

  FixedSums(int64_t places, int64_t addends, Carver& carver)
      : count(places),
        log2Addends(1),
        sums(carver.take<unsigned long long>(places)),
        nonFinite(carver.take<unsigned>((places + 7) / 8)),
        range(carver.take<FixedRange>(1)) {
    while (int64_t{1} << log2Addends < addends) ++log2Addends;
  }

  /** Sets all sums to 0 for what will be added: numbers of these values with weights of at most 1.
   */
  template <class T>
  void begin(Context& context, const T* values, int64_t valueCount) const {
    char* const first = reinterpret_cast<char*>(sums);
    char* const end = reinterpret_cast<char*>(range + 1);
    check(cudaMemsetAsync(first, 0, size_t(end - first), streamOf(context)));
    launch(context, {dim3(blocksFor(valueCount, 256 * 16)), dim3(256)}, fixedRange<T>, values,
           valueCount, range);
  }

  __device__ void add(int64_t place, long long value) const {
    if (value != 0) atomicAdd(sums + place, static_cast<unsigned long long>(value));
  }
  __device__ void addNonFinite(int64_t place, double value) const {
    const unsigned bits = value != value ? 1 : value > 0 ? 2 : 4;
    atomicOr(nonFinite + place / 8, bits << (4 * (place % 8)));
  }
  template <class T>
  __device__ T total(int64_t place, const FixedUnit<T>& unit) const {
    if (range->hasNonFinite != 0) {
      const unsigned bits = nonFinite[place / 8] >> (4 * (place % 8)) & 7;
      if (bits == 2) return T(INFINITY);
      if (bits == 4) return -T(INFINITY);
      if (bits != 0) return T(NAN);
    }
    return unit.restored(static_cast<long long>(sums[place]));
  }
};

/** How a lane's run of neighbours along x overlaps those of the lanes beside it. */
struct WarpRun {
  /** The next lane's run begins one voxel further: what they share goes to it. */
  bool passes;
  /** The lane before passes to this one. */
  bool takes;

  /** `cell` is the run's first voxel before any border is applied, `volume` tells volumes apart; of
   * all lanes of the warp. */
  __device__ WarpRun(bool active, const int32_t cell[3], int64_t volume = 0) {
    const int lane = int(threadIdx.x % kWarpSize);
    const bool isNext = __shfl_down_sync(kWholeWarp, int(active), 1) != 0;
    const int32_t x = __shfl_down_sync(kWholeWarp, cell[0], 1);
    const int32_t y = __shfl_down_sync(kWholeWarp, cell[1], 1);
    const int32_t z = __shfl_down_sync(kWholeWarp, cell[2], 1);
    const bool isSame = __shfl_down_sync(kWholeWarp, volume, 1) == volume;
    passes = active && isNext && isSame && lane < kWarpSize - 1 && x == cell[0] + 1 &&
             y == cell[1] && z == cell[2];
    takes = __shfl_up_sync(kWholeWarp, int(passes), 1) != 0 && lane > 0;
  }
};

/** Adds values[k] to the place row + index[k] for all lanes of the warp: 0 where there is nothing
 * to add. Lanes that look at overlapping voxels share one addition, since integers can be added in
 * any order: one for each voxel of a row of neighbours instead of kTaps. */
template <int kTaps>
__device__ inline void addRuns(const FixedSums& sums, int64_t row, const int32_t (&index)[kTaps],
                               long long (&values)[kTaps], const WarpRun& run) {
  VK_UNROLL for (int k = kTaps - 1; k > 0; --k) {
    const long long passed = __shfl_up_sync(kWholeWarp, values[k], 1);
    if (!run.passes) sums.add(row + index[k], values[k]);
    if (run.takes) values[k - 1] += passed;
  }
  sums.add(row + index[0], values[0]);
}

/** Writes all sums. */
template <class T>
__global__ void __launch_bounds__(256) fixedTotals(FixedSums sums, T* totals) {
  const FixedUnit<T> unit(*sums.range, sums.log2Addends);
  forEachItem(sums.count, [&](int64_t i) { totals[i] = sums.total(i, unit); });
}

}  // namespace vk::cuda
