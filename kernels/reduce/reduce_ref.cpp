#include <cmath>
#include <limits>
#include <vector>

#include "reduce/reduce.h"

namespace vk {
namespace {

/** Offsets of the elements that are reduced to one output: the axes of the input as they are, not
 * the merged ones that the fast kernel walks. */
template <class Args>
std::vector<int64_t> offsetsOf(const Args& args, int64_t output) {
  std::vector<int64_t> offsets = {0};
  int64_t stride = 1;
  for (int32_t axis = args.rank - 1; axis >= 0; --axis) {
    const int64_t size = args.sizes[axis];
    if ((args.axes >> axis & 1u) == 0) {
      for (int64_t& offset : offsets) offset += output % size * stride;
      output /= size;
    } else {
      std::vector<int64_t> longer;
      for (int64_t i = 0; i < size; ++i) {
        for (const int64_t offset : offsets) longer.push_back(offset + i * stride);
      }
      offsets = longer;
    }
    stride *= size;
  }
  return offsets;
}

/** Integers wrap around. */
template <class Sum>
Sum added(Sum a, Sum b) {
  if constexpr (std::numeric_limits<Sum>::has_infinity) return a + b;
  return static_cast<Sum>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

template <class Sum>
Sum multiplied(Sum a, Sum b) {
  if constexpr (std::numeric_limits<Sum>::has_infinity) return a * b;
  return static_cast<Sum>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
}

template <class T, class Sum>
Sum reduced(const ReduceArgs& args, const std::vector<int64_t>& offsets) {
  const T* const input = static_cast<const T*>(args.input);
  constexpr bool kFloat = std::numeric_limits<T>::has_infinity;
  const auto over = [&](Sum start, auto&& step) {
    Sum sum = start;
    for (const int64_t i : offsets) sum = step(sum, static_cast<Sum>(input[i]));
    return sum;
  };
  const auto plus = [](Sum a, Sum x) { return added(a, x); };
  const auto greater = [](Sum a, Sum x) { return std::isnan(double(a)) || a > x ? a : x; };
  const auto less = [](Sum a, Sum x) { return std::isnan(double(a)) || a < x ? a : x; };
  const auto square = [](Sum a, Sum x) { return added(a, multiplied(x, x)); };
  const Sum lowest = kFloat ? -std::numeric_limits<Sum>::infinity()
                            : static_cast<Sum>(std::numeric_limits<T>::min());
  const Sum highest = kFloat ? std::numeric_limits<Sum>::infinity()
                             : static_cast<Sum>(std::numeric_limits<T>::max());
  const Sum count = static_cast<Sum>(offsets.size());
  switch (args.reduction) {
    case VK_REDUCTION_SUM:
      return over(0, plus);
    case VK_REDUCTION_MEAN:
      return !kFloat && offsets.empty() ? Sum(0) : over(0, plus) / count;
    case VK_REDUCTION_MAX:
      return over(lowest, greater);
    case VK_REDUCTION_MIN:
      return over(highest, less);
    case VK_REDUCTION_PRODUCT:
      return over(1, [](Sum a, Sum x) { return multiplied(a, x); });
    case VK_REDUCTION_L1:
      return over(0, [](Sum a, Sum x) { return added(a, x < 0 ? multiplied(x, Sum(-1)) : x); });
    case VK_REDUCTION_L2:
      return static_cast<Sum>(std::sqrt(double(over(0, square))));
    case VK_REDUCTION_SUM_SQUARE:
      return over(0, square);
    case VK_REDUCTION_LOG_SUM:
      return static_cast<Sum>(std::log(double(over(0, plus))));
    case VK_REDUCTION_LOG_SUM_EXP: {
      const double largest = double(over(lowest, greater));
      if (!std::isfinite(largest)) return static_cast<Sum>(largest);
      double sum = 0;
      for (const int64_t i : offsets) sum += std::exp(double(input[i]) - largest);
      return static_cast<Sum>(largest + std::log(sum));
    }
  }
  return 0;
}

template <class T, class Sum>
void reduceAll(const ReduceArgs& args) {
  for (int64_t i = 0; i < args.layout.outputs; ++i) {
    static_cast<T*>(args.output)[i] = static_cast<T>(reduced<T, Sum>(args, offsetsOf(args, i)));
  }
}

template <class T>
void gradient(const ReduceGradientArgs& args) {
  const T* const x = static_cast<const T*>(args.input);
  T* const dx = static_cast<T*>(args.inputGradient);
  for (int64_t output = 0; output < args.layout.outputs; ++output) {
    const std::vector<int64_t> offsets = offsetsOf(args, output);
    const double y = double(static_cast<const T*>(args.output)[output]);
    const double dy = double(static_cast<const T*>(args.outputGradient)[output]);
    int64_t ties = 0;
    for (const int64_t i : offsets) ties += double(x[i]) == y || std::isnan(x[i]) ? 1 : 0;
    for (size_t k = 0; k < offsets.size(); ++k) {
      const double xi = double(x[offsets[k]]);
      double slope = 1;
      switch (args.reduction) {
        case VK_REDUCTION_SUM:
          break;
        case VK_REDUCTION_MEAN:
          slope = 1 / double(offsets.size());
          break;
        case VK_REDUCTION_MAX:
        case VK_REDUCTION_MIN:
          slope = xi == y || std::isnan(xi) ? 1 / double(ties) : 0;
          break;
        case VK_REDUCTION_PRODUCT:
          for (size_t other = 0; other < offsets.size(); ++other) {
            if (other != k) slope *= double(x[offsets[other]]);
          }
          break;
        case VK_REDUCTION_L1:
          slope = xi > 0 ? 1 : xi < 0 ? -1 : xi;
          break;
        case VK_REDUCTION_L2:
          slope = y == 0 ? 0 : xi / y;
          break;
        case VK_REDUCTION_SUM_SQUARE:
          slope = 2 * xi;
          break;
        case VK_REDUCTION_LOG_SUM:
          slope = std::exp(-y);
          break;
        case VK_REDUCTION_LOG_SUM_EXP:
          slope = std::exp(xi - y);
          break;
      }
      dx[offsets[k]] = static_cast<T>(dy * slope);
    }
  }
}

}  // namespace

void reduceReference(const ReduceArgs& args, Context&, const Workspace&) {
  switch (args.type) {
    case VK_F64:
      return reduceAll<double, double>(args);
    case VK_I32:
      return reduceAll<int32_t, int64_t>(args);
    case VK_I64:
      return reduceAll<int64_t, int64_t>(args);
    default:
      return reduceAll<float, double>(args);
  }
}

void reduceGradientReference(const ReduceGradientArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    gradient<double>(args);
  } else {
    gradient<float>(args);
  }
}

}  // namespace vk
