#include <cmath>
#include <limits>

#include "reduce/reduce.h"

namespace vk {
namespace {

/** Calls with every element that is reduced to one output, in their order. */
template <class T, class Each>
void forEachOf(const ReduceArgs& args, int64_t output, const Each& each) {
  const ReduceLayout& layout = args.layout;
  const T* const input = static_cast<const T*>(args.input);
  const int64_t base = layout.rowIsReduced ? layout.kept.offset(output)
                                           : layout.kept.offset(output / layout.rowLength) +
                                                 output % layout.rowLength;
  const int64_t length = layout.rowIsReduced ? layout.rowLength : 1;
  const int64_t rows = layout.reduced.count();
  for (int64_t row = 0; row < rows; ++row) {
    const T* const values = input + base + layout.reduced.offset(row);
    for (int64_t i = 0; i < length; ++i) each(values[i]);
  }
}

/** Sums and products wrap around. */
template <class T>
T reduceOne(const ReduceArgs& args, int64_t output) {
  const ReduceLayout& layout = args.layout;
  uint64_t sum = args.reduction == VK_REDUCTION_PRODUCT ? 1 : 0;
  T least = std::numeric_limits<T>::max();
  T greatest = std::numeric_limits<T>::min();
  forEachOf<T>(args, output, [&](T value) {
    const uint64_t bits = static_cast<uint64_t>(static_cast<int64_t>(value));
    switch (args.reduction) {
      case VK_REDUCTION_MAX:
        if (value > greatest) greatest = value;
        break;
      case VK_REDUCTION_MIN:
        if (value < least) least = value;
        break;
      case VK_REDUCTION_PRODUCT:
        sum *= bits;
        break;
      case VK_REDUCTION_L1:
        sum += value < 0 ? uint64_t{0} - bits : bits;
        break;
      case VK_REDUCTION_SUM_SQUARE:
        sum += bits * bits;
        break;
      default:
        sum += bits;
    }
  });
  if (args.reduction == VK_REDUCTION_MAX) return greatest;
  if (args.reduction == VK_REDUCTION_MIN) return least;
  if (args.reduction == VK_REDUCTION_MEAN) {
    return layout.reducedCount == 0
               ? T(0)
               : static_cast<T>(static_cast<int64_t>(sum) / layout.reducedCount);
  }
  return static_cast<T>(sum);
}

/** The greatest or the least, NaN where there is one; of nothing an infinity. */
double extreme(const ReduceArgs& args, int64_t output, bool greatest) {
  double best = greatest ? -INFINITY : INFINITY;
  forEachOf<double>(args, output, [&](double value) {
    const bool better = greatest ? value > best : value < best;
    if (better || std::isnan(value)) best = std::isnan(best) ? best : value;
  });
  return best;
}

template <class Term>
double sumOf(const ReduceArgs& args, int64_t output, const Term& term) {
  double sum = 0;
  forEachOf<double>(args, output, [&](double value) { sum += term(value); });
  return sum;
}

/** The root of the sum of squares, of any magnitude. */
double length(const ReduceArgs& args, int64_t output) {
  const double scale = sumOf(args, output, [](double x) { return std::fabs(x); });
  if (scale == 0 || !std::isfinite(scale)) return scale;
  return scale * std::sqrt(sumOf(args, output, [&](double x) { return x / scale * (x / scale); }));
}

template <>
double reduceOne<double>(const ReduceArgs& args, int64_t output) {
  switch (args.reduction) {
    case VK_REDUCTION_MAX:
      return extreme(args, output, true);
    case VK_REDUCTION_MIN:
      return extreme(args, output, false);
    case VK_REDUCTION_PRODUCT: {
      double product = 1;
      forEachOf<double>(args, output, [&](double value) { product *= value; });
      return product;
    }
    case VK_REDUCTION_L1:
      return sumOf(args, output, [](double x) { return std::fabs(x); });
    case VK_REDUCTION_L2:
      return length(args, output);
    case VK_REDUCTION_SUM_SQUARE:
      return sumOf(args, output, [](double x) { return x * x; });
    case VK_REDUCTION_LOG_SUM:
      return std::log(sumOf(args, output, [](double x) { return x; }));
    case VK_REDUCTION_LOG_SUM_EXP: {
      const double most = extreme(args, output, true);
      if (!std::isfinite(most)) return most;
      return most + std::log(sumOf(args, output, [&](double x) { return std::exp(x - most); }));
    }
    default:
      break;
  }
  const double sum = sumOf(args, output, [](double x) { return x; });
  return args.reduction == VK_REDUCTION_MEAN ? sum / double(args.layout.reducedCount) : sum;
}

template <class T>
void reduceAll(const ReduceArgs& args, Context& context) {
  const int64_t each = args.layout.reducedCount > 0 ? args.layout.reducedCount : 1;
  const int64_t aChunk = ReduceLayout::kUnit / each + 1;
  parallelFor(context, chunkCount(args.layout.outputs, aChunk), [&](int64_t chunk) {
    const Range range = chunkRange(args.layout.outputs, aChunk, chunk);
    for (int64_t i = range.begin; i < range.end; ++i) {
      static_cast<T*>(args.output)[i] = reduceOne<T>(args, i);
    }
  });
}

}  // namespace

void reducePlain(const ReduceArgs& args, Context& context, const Workspace&) {
  switch (args.type) {
    case VK_F64:
      return reduceAll<double>(args, context);
    case VK_I32:
      return reduceAll<int32_t>(args, context);
    default:
      return reduceAll<int64_t>(args, context);
  }
}

}  // namespace vk
