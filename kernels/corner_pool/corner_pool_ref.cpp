#include <cmath>

#include "corner_pool/corner_pool.h"

namespace vk {
namespace {

/** body(offset of a value, offset of the largest from the line's begin to it). */
template <class T, class Body>
void eachValue(const CornerArgs& args, const T* input, const Body& body) {
  for (int64_t line = 0; line < args.outer * args.inner; ++line) {
    const int64_t first = line / args.inner * args.length * args.inner + line % args.inner;
    int64_t best = -1;
    for (int64_t i = 0; i < args.length; ++i) {
      const int64_t at = first + (args.fromEnd ? args.length - 1 - i : i) * args.inner;
      const bool isFirstNan = best >= 0 && std::isnan(input[at]) && !std::isnan(input[best]);
      if (best < 0 || input[at] > input[best] || isFirstNan) best = at;
      body(at, best);
    }
  }
}

template <class T>
void pool(const CornerPoolArgs& args) {
  const T* const input = static_cast<const T*>(args.input);
  T* const output = static_cast<T*>(args.output);
  eachValue(args, input, [&](int64_t at, int64_t best) { output[at] = input[best]; });
}

template <class T>
void gradient(const CornerPoolGradientArgs& args) {
  const T* const upstream = static_cast<const T*>(args.upstream);
  T* const gradient = static_cast<T*>(args.gradient);
  // Of one place, one after the other.
  int64_t current = -1;
  double sum = 0;
  eachValue(args, static_cast<const T*>(args.input), [&](int64_t at, int64_t best) {
    if (best != current) sum = 0;
    current = best;
    sum += double(upstream[at]);
    gradient[at] = 0;
    gradient[best] = T(sum);
  });
}

}  // namespace

void cornerPoolReference(const CornerPoolArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    pool<double>(args);
  } else {
    pool<float>(args);
  }
}

void cornerPoolGradientReference(const CornerPoolGradientArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    gradient<double>(args);
  } else {
    gradient<float>(args);
  }
}

}  // namespace vk
