#include <cmath>
#include <limits>

#include "unary/unary.h"

namespace vk {
namespace {

constexpr int64_t kChunk = 65536;

/** A bound of the clip as an element; beyond the type's range its end. */
template <class T>
T boundOf(double bound) {
  if (bound <= static_cast<double>(std::numeric_limits<T>::min())) {
    return std::numeric_limits<T>::min();
  }
  if (bound >= static_cast<double>(std::numeric_limits<T>::max())) {
    return std::numeric_limits<T>::max();
  }
  return static_cast<T>(bound);
}

template <class T>
void apply(const UnaryArgs& args, int64_t begin, int64_t end) {
  const T* const x = static_cast<const T*>(args.input);
  T* const y = static_cast<T*>(args.output);
  const T low = boundOf<T>(args.low);
  const T high = boundOf<T>(args.high);
  for (int64_t i = begin; i < end; ++i) {
    // The least number has no opposite: it wraps around to itself.
    const T opposite = static_cast<T>(uint64_t{0} - static_cast<uint64_t>(x[i]));
    switch (args.function) {
      case VK_UNARY_NEGATE:
        y[i] = opposite;
        break;
      case VK_UNARY_ABSOLUTE:
        y[i] = x[i] < 0 ? opposite : x[i];
        break;
      case VK_UNARY_SIGN:
        y[i] = static_cast<T>((x[i] > 0) - (x[i] < 0));
        break;
      default: {
        const T above = x[i] < low ? low : x[i];
        y[i] = above > high ? high : above;
      }
    }
  }
}

double valueOf(const UnaryArgs& args, double x) {
  if (isLibraryFunction(args.function)) return libraryValue(args.function, x);
  switch (args.function) {
    case VK_UNARY_NEGATE:
      return -x;
    case VK_UNARY_ABSOLUTE:
      return std::fabs(x);
    case VK_UNARY_SIGN:
      return x > 0 ? 1 : x < 0 ? -1 : x * 0;
    case VK_UNARY_FLOOR:
      return std::floor(x);
    case VK_UNARY_CEIL:
      return std::ceil(x);
    case VK_UNARY_ROUND:
      return std::nearbyint(x);
    case VK_UNARY_SQRT:
      return std::sqrt(x);
    case VK_UNARY_RECIPROCAL_SQRT:
      return 1 / std::sqrt(x);
    case VK_UNARY_RECIPROCAL:
      return 1 / x;
    case VK_UNARY_EXP:
      return std::exp(x);
    case VK_UNARY_EXPM1:
      return std::expm1(x);
    case VK_UNARY_LOG:
      return std::log(x);
    case VK_UNARY_LOG1P:
      return std::log1p(x);
    case VK_UNARY_ERF:
      return std::erf(x);
    default:
      // The clip; NaN stays.
      return x < args.low ? args.low : x > args.high ? args.high : x;
  }
}

void applyDouble(const UnaryArgs& args, int64_t begin, int64_t end) {
  const double* const x = static_cast<const double*>(args.input);
  if (args.function == VK_UNARY_IS_NAN || args.function == VK_UNARY_IS_INF) {
    const bool nan = args.function == VK_UNARY_IS_NAN;
    uint8_t* const y = static_cast<uint8_t*>(args.output);
    for (int64_t i = begin; i < end; ++i) y[i] = nan ? std::isnan(x[i]) : std::isinf(x[i]);
    return;
  }
  double* const y = static_cast<double*>(args.output);
  for (int64_t i = begin; i < end; ++i) y[i] = valueOf(args, x[i]);
}

}  // namespace

void unaryPlain(const UnaryArgs& args, Context& context, const Workspace&) {
  parallelFor(context, chunkCount(args.count, kChunk), [&](int64_t chunk) {
    const Range range = chunkRange(args.count, kChunk, chunk);
    if (args.type == VK_F64) return applyDouble(args, range.begin, range.end);
    if (args.type == VK_I32) return apply<int32_t>(args, range.begin, range.end);
    if (args.type == VK_I64) return apply<int64_t>(args, range.begin, range.end);
    const uint8_t* const x = static_cast<const uint8_t*>(args.input);
    uint8_t* const y = static_cast<uint8_t*>(args.output);
    for (int64_t i = range.begin; i < range.end; ++i) y[i] = x[i] == 0 ? 1 : 0;
  });
}

}  // namespace vk
