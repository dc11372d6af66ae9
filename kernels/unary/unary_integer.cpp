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

}  // namespace

void unaryInteger(const UnaryArgs& args, Context& context, const Workspace&) {
  parallelFor(context, chunkCount(args.count, kChunk), [&](int64_t chunk) {
    const Range range = chunkRange(args.count, kChunk, chunk);
    if (args.type == VK_I32) return apply<int32_t>(args, range.begin, range.end);
    if (args.type == VK_I64) return apply<int64_t>(args, range.begin, range.end);
    const uint8_t* const x = static_cast<const uint8_t*>(args.input);
    uint8_t* const y = static_cast<uint8_t*>(args.output);
    for (int64_t i = range.begin; i < range.end; ++i) y[i] = x[i] == 0 ? 1 : 0;
  });
}

}  // namespace vk
