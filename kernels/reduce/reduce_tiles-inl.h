// Reductions of f32 in f64, for code that has the values in memory or computes them run by run.
// Included after core/simd_begin.h, once an instruction set.
#include <hwy/contrib/math/math-inl.h>
#include <math.h>

#include "reduce/reduce.h"

#if defined(VK_REDUCE_REDUCE_TILES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_REDUCE_REDUCE_TILES_INL_H
#undef VK_REDUCE_REDUCE_TILES_INL_H
#else
#define VK_REDUCE_REDUCE_TILES_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {

/** Where a reduction's values come from: memory, or `run`, which writes the values of up to
 * ReduceLayout::kTile elements from an offset on. */
struct RunSource {
  const float* values;
  void (*run)(const void* state, int64_t offset, int64_t count, float* to);
  const void* state;

  HWY_ATTR const float* at(int64_t offset, int64_t count, float* scratch) const {
    if (run == nullptr) return values + offset;
    run(state, offset, count, scratch);
    return scratch;
  }
};

namespace reduce_tiles {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<double>;
using DF = hn::Rebind<float, D>;
using V = hn::Vec<D>;

enum class Term { kValue, kMagnitude, kSquare, kExponential };
enum class Combination { kPlus, kTimes, kLargest, kSmallest };

constexpr int64_t kTile = ReduceLayout::kTile;

/** The term of one vector; `shift` is subtracted before the exponential is taken. */
template <Term kTerm>
HWY_INLINE HWY_ATTR V termOf(hn::Vec<DF> x, V shift) {
  const D d;
  if constexpr (kTerm == Term::kExponential) {
    const DF df;
    // Not above 0, or NaN where the result is the shift itself; below this f32 has 0.
    const auto below = hn::DemoteTo(df, hn::Sub(hn::PromoteTo(d, x), shift));
    return hn::PromoteTo(d, hn::Exp(df, hn::Max(below, hn::Set(df, -104.0f))));
  }
  const V wide = hn::PromoteTo(d, x);
  if constexpr (kTerm == Term::kMagnitude) return hn::Abs(wide);
  if constexpr (kTerm == Term::kSquare) return hn::Mul(wide, wide);
  return wide;
}

template <Combination kCombination>
HWY_INLINE HWY_ATTR V combined(V a, V x) {
  if constexpr (kCombination == Combination::kPlus) return hn::Add(a, x);
  if constexpr (kCombination == Combination::kTimes) return hn::Mul(a, x);
  // NaN wins and stays.
  const auto isNumber = hn::Eq(x, x);
  const auto wins = kCombination == Combination::kLargest ? hn::Gt(x, a) : hn::Lt(x, a);
  return hn::IfThenElse(hn::Or(wins, hn::Not(isNumber)), x, a);
}

template <Combination kCombination>
HWY_INLINE HWY_ATTR double combinedScalar(double a, double x) {
  if constexpr (kCombination == Combination::kPlus) return a + x;
  if constexpr (kCombination == Combination::kTimes) return a * x;
  if (x != x) return x;
  return (kCombination == Combination::kLargest ? x > a : x < a) ? x : a;
}

template <Combination kCombination>
HWY_INLINE HWY_ATTR double neutral() {
  if constexpr (kCombination == Combination::kPlus) return 0;
  if constexpr (kCombination == Combination::kTimes) return 1;
  return kCombination == Combination::kLargest ? -__builtin_inf() : __builtin_inf();
}

/** Of the last lanes, which do not fill a vector: the values, and the neutral element behind them.
 */
template <Term kTerm, Combination kCombination>
HWY_INLINE HWY_ATTR V lastTerms(const float* values, int64_t count, V shift) {
  const D d;
  float padded[hn::MaxLanes(D())] = {};
  double terms[hn::MaxLanes(D())];
  for (int64_t i = 0; i < count; ++i) padded[i] = values[i];
  hn::StoreU(termOf<kTerm>(hn::LoadU(DF(), padded), shift), d, terms);
  for (int64_t i = count; i < static_cast<int64_t>(hn::Lanes(d)); ++i) {
    terms[i] = neutral<kCombination>();
  }
  return hn::LoadU(d, terms);
}

/** One slice of one output, whose row is reduced. */
template <Term kTerm, Combination kCombination>
HWY_ATTR double alongRows(const ReduceLayout& layout, const RunSource& source, int64_t tile,
                          const Range& slice, double shift) {
  const D d;
  const DF df;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  alignas(64) float scratch[kTile];
  const V shifts = hn::Set(d, shift);
  V sums[4];
  for (V& sum : sums) sum = hn::Set(d, neutral<kCombination>());
  const int64_t base = layout.tileOffset(tile);
  int64_t step = slice.begin;
  while (step < slice.end) {
    const int64_t row = step / layout.rowLength;
    int64_t column = step - row * layout.rowLength;
    const int64_t rowOffset = base + layout.reduced.offset(row);
    const int64_t left = slice.end - step;
    const int64_t end = layout.rowLength - column < left ? layout.rowLength : column + left;
    step += end - column;
    while (column < end) {
      const int64_t count = end - column < kTile ? end - column : kTile;
      const float* const x = source.at(rowOffset + column, count, scratch);
      int64_t i = 0;
      for (; i + 4 * lanes <= count; i += 4 * lanes) {
        for (int k = 0; k < 4; ++k) {
          sums[k] = combined<kCombination>(sums[k],
                                           termOf<kTerm>(hn::LoadU(df, x + i + k * lanes), shifts));
        }
      }
      for (; i + lanes <= count; i += lanes) {
        sums[0] = combined<kCombination>(sums[0], termOf<kTerm>(hn::LoadU(df, x + i), shifts));
      }
      if (i < count) {
        sums[1] = combined<kCombination>(sums[1],
                                         lastTerms<kTerm, kCombination>(x + i, count - i, shifts));
      }
      column += count;
    }
  }
  const V sum = combined<kCombination>(combined<kCombination>(sums[0], sums[1]),
                                       combined<kCombination>(sums[2], sums[3]));
  double lane[hn::MaxLanes(D())];
  hn::StoreU(sum, d, lane);
  double result = lane[0];
  for (int64_t i = 1; i < lanes; ++i) result = combinedScalar<kCombination>(result, lane[i]);
  return result;
}

/** One slice of a tile of outputs along a row that is kept. `shifts` has room for whole vectors. */
template <Term kTerm, Combination kCombination>
HWY_ATTR void acrossRows(const ReduceLayout& layout, const RunSource& source, int64_t tile,
                         int64_t width, const Range& slice, const double* shifts, double* sums) {
  const D d;
  const DF df;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  alignas(64) float scratch[2 * kTile];
  const int64_t whole = width / lanes * lanes;
  for (int64_t i = 0; i < width; i += lanes) {
    hn::StoreU(hn::Set(d, neutral<kCombination>()), d, sums + i);
  }
  const int64_t base = layout.tileOffset(tile);
  const auto shiftAt = [&](int64_t i) HWY_ATTR {
    return kTerm == Term::kExponential ? hn::LoadU(d, shifts + i) : hn::Zero(d);
  };
  int64_t row = slice.begin;
  // Two rows at a time: the sums in the first-level cache are read and written half as often.
  for (; row + 2 <= slice.end; row += 2) {
    const float* const x = source.at(base + layout.reduced.offset(row), width, scratch);
    const float* const y = source.at(base + layout.reduced.offset(row + 1), width, scratch + kTile);
    for (int64_t i = 0; i < whole; i += lanes) {
      const V shift = shiftAt(i);
      const V first = combined<kCombination>(hn::LoadU(d, sums + i),
                                             termOf<kTerm>(hn::LoadU(df, x + i), shift));
      hn::StoreU(combined<kCombination>(first, termOf<kTerm>(hn::LoadU(df, y + i), shift)), d,
                 sums + i);
    }
    if (whole < width) {
      const V shift = shiftAt(whole);
      const V first =
          combined<kCombination>(hn::LoadU(d, sums + whole),
                                 lastTerms<kTerm, kCombination>(x + whole, width - whole, shift));
      hn::StoreU(combined<kCombination>(
                     first, lastTerms<kTerm, kCombination>(y + whole, width - whole, shift)),
                 d, sums + whole);
    }
  }
  for (; row < slice.end; ++row) {
    const float* const x = source.at(base + layout.reduced.offset(row), width, scratch);
    for (int64_t i = 0; i < width; i += lanes) {
      const V term = i < whole ? termOf<kTerm>(hn::LoadU(df, x + i), shiftAt(i))
                               : lastTerms<kTerm, kCombination>(x + i, width - i, shiftAt(i));
      hn::StoreU(combined<kCombination>(hn::LoadU(d, sums + i), term), d, sums + i);
    }
  }
}

/** Sums of a tile with room for a whole last vector. */
constexpr int64_t kRoom = kTile + 16;

template <Term kTerm, Combination kCombination>
HWY_ATTR void oneTile(const ReduceLayout& layout, const RunSource& source, int64_t tile,
                      int64_t width, const Range& slice, const double* shifts, double* sums) {
  if (layout.rowIsReduced) {
    sums[0] = alongRows<kTerm, kCombination>(layout, source, tile, slice, shifts[0]);
  } else {
    acrossRows<kTerm, kCombination>(layout, source, tile, width, slice, shifts, sums);
  }
}

/** `largest` is written and read by the logarithm of a sum of exponentials only. */
HWY_ATTR inline void reduceTile(const ReduceLayout& layout, vk_reduction reduction,
                                const RunSource& source, int64_t tile, int64_t width,
                                const Range& slice, double* largest, double* sums) {
  switch (reduction) {
    case VK_REDUCTION_SUM:
    case VK_REDUCTION_MEAN:
    case VK_REDUCTION_LOG_SUM:
      return oneTile<Term::kValue, Combination::kPlus>(layout, source, tile, width, slice, largest,
                                                       sums);
    case VK_REDUCTION_PRODUCT:
      return oneTile<Term::kValue, Combination::kTimes>(layout, source, tile, width, slice, largest,
                                                        sums);
    case VK_REDUCTION_MAX:
      return oneTile<Term::kValue, Combination::kLargest>(layout, source, tile, width, slice,
                                                          largest, sums);
    case VK_REDUCTION_MIN:
      return oneTile<Term::kValue, Combination::kSmallest>(layout, source, tile, width, slice,
                                                           largest, sums);
    case VK_REDUCTION_L1:
      return oneTile<Term::kMagnitude, Combination::kPlus>(layout, source, tile, width, slice,
                                                           largest, sums);
    case VK_REDUCTION_L2:
    case VK_REDUCTION_SUM_SQUARE:
      return oneTile<Term::kSquare, Combination::kPlus>(layout, source, tile, width, slice, largest,
                                                        sums);
    case VK_REDUCTION_LOG_SUM_EXP:
      oneTile<Term::kValue, Combination::kLargest>(layout, source, tile, width, slice, largest,
                                                   largest);
      return oneTile<Term::kExponential, Combination::kPlus>(layout, source, tile, width, slice,
                                                             largest, sums);
  }
}

HWY_ATTR inline double ofPartials(const ReduceLayout& layout, vk_reduction reduction,
                                  const double* partials, int64_t output, double& largest) {
  const double* const value = partials + output;
  const int64_t step = layout.outputs;
  double sum = value[0];
  largest = 0;
  switch (reduction) {
    case VK_REDUCTION_PRODUCT:
      for (int64_t i = 1; i < layout.slices; ++i) sum *= value[i * step];
      return sum;
    case VK_REDUCTION_MAX:
      for (int64_t i = 1; i < layout.slices; ++i) {
        sum = combinedScalar<Combination::kLargest>(sum, value[i * step]);
      }
      return sum;
    case VK_REDUCTION_MIN:
      for (int64_t i = 1; i < layout.slices; ++i) {
        sum = combinedScalar<Combination::kSmallest>(sum, value[i * step]);
      }
      return sum;
    case VK_REDUCTION_LOG_SUM_EXP: {
      const double* const greatest = value + layout.partials();
      largest = greatest[0];
      for (int64_t i = 1; i < layout.slices; ++i) {
        largest = combinedScalar<Combination::kLargest>(largest, greatest[i * step]);
      }
      sum = 0;
      for (int64_t i = 0; i < layout.slices; ++i) {
        // A slice of nothing but minus infinity adds nothing, and its sum is NaN.
        if (greatest[i * step] == -__builtin_inf()) continue;
        sum += value[i * step] * ::exp(greatest[i * step] - largest);
      }
      return sum;
    }
    default:
      for (int64_t i = 1; i < layout.slices; ++i) sum += value[i * step];
      return sum;
  }
}

HWY_ATTR inline float finished(const ReduceLayout& layout, vk_reduction reduction, double sum,
                               double largest) {
  switch (reduction) {
    case VK_REDUCTION_MEAN:
      return static_cast<float>(sum / static_cast<double>(layout.reducedCount));
    case VK_REDUCTION_L2:
      return static_cast<float>(__builtin_sqrt(sum));
    case VK_REDUCTION_LOG_SUM:
      return static_cast<float>(::log(sum));
    case VK_REDUCTION_LOG_SUM_EXP:
      if (!(largest - largest == 0)) return static_cast<float>(largest);
      return static_cast<float>(largest + ::log(sum));
    default:
      return static_cast<float>(sum);
  }
}

}  // namespace reduce_tiles

/** `partials` has room for reducePartialBytes(). */
HWY_ATTR inline void reduceTiles(Context& context, const ReduceLayout& layout,
                                 vk_reduction reduction, const RunSource& source, float* output,
                                 double* partials) {
  using namespace reduce_tiles;
  parallelFor(context, layout.units(), [&](int64_t unit) HWY_ATTR {
    const int64_t sliceIndex = unit % layout.slices;
    const Range slice = chunkRange(layout.steps, layout.stepsASlice, sliceIndex);
    const Range tiles = chunkRange(layout.tiles, layout.tilesAUnit, unit / layout.slices);
    alignas(64) double sums[kRoom];
    alignas(64) double largest[kRoom];
    largest[0] = 0;
    for (int64_t tile = tiles.begin; tile < tiles.end; ++tile) {
      const Range outputs = layout.tileOutputs(tile);
      const int64_t width = outputs.end - outputs.begin;
      reduceTile(layout, reduction, source, tile, width, slice, largest, sums);
      if (layout.slices == 1) {
        for (int64_t i = 0; i < width; ++i) {
          output[outputs.begin + i] = finished(
              layout, reduction, sums[i], reduction == VK_REDUCTION_LOG_SUM_EXP ? largest[i] : 0);
        }
        continue;
      }
      double* const to = partials + sliceIndex * layout.outputs + outputs.begin;
      for (int64_t i = 0; i < width; ++i) to[i] = sums[i];
      if (reduction != VK_REDUCTION_LOG_SUM_EXP) continue;
      for (int64_t i = 0; i < width; ++i) to[layout.partials() + i] = largest[i];
    }
  });
  if (layout.slices == 1) return;
  const int64_t outputsAChunk = ReduceLayout::kUnit / layout.slices + 1;
  parallelFor(context, chunkCount(layout.outputs, outputsAChunk), [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(layout.outputs, outputsAChunk, chunk);
    for (int64_t i = range.begin; i < range.end; ++i) {
      double largest;
      const double sum = ofPartials(layout, reduction, partials, i, largest);
      output[i] = finished(layout, reduction, sum, largest);
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
