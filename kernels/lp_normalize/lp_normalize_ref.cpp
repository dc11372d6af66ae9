#include <cmath>

#include "lp_normalize/lp_normalize.h"

namespace vk {
namespace {

template <class T>
void run(const LpNormalizeArgs& args) {
  const T* const input = static_cast<const T*>(args.input);
  const T* const outputGradient = static_cast<const T*>(args.outputGradient);
  T* const output = static_cast<T*>(args.output);
  const AxisSizes& sizes = args.sizes;
  for (int64_t line = 0; line < sizes.outer * sizes.inner; ++line) {
    const int64_t first = line / sizes.inner * sizes.size * sizes.inner + line % sizes.inner;
    double sum = 0, product = 0;
    for (int64_t k = 0; k < sizes.size; ++k) {
      const double x = double(input[first + k * sizes.inner]);
      sum += args.p == 1 ? std::fabs(x) : x * x;
      if (outputGradient != nullptr) product += x * double(outputGradient[first + k * sizes.inner]);
    }
    const double norm = args.p == 1 ? sum : std::sqrt(sum);
    const bool held = norm <= args.epsilon;
    const double divisor = held ? args.epsilon : norm;
    for (int64_t k = 0; k < sizes.size; ++k) {
      const int64_t at = first + k * sizes.inner;
      const double x = double(input[at]);
      if (divisor == 0) {
        output[at] = T(0);
      } else if (outputGradient == nullptr) {
        output[at] = T(x / divisor);
      } else {
        // dnorm/dx, where the norm counts.
        const double slope = args.p == 2 ? x / norm : x > 0 ? 1 : x < 0 ? -1 : 0;
        const double g = double(outputGradient[at]);
        output[at] = T(held ? g / divisor : (g - slope * product / norm) / norm);
      }
    }
  }
}

}  // namespace

void lpNormalizeReference(const LpNormalizeArgs& args, Context&, const Workspace&) {
  withFloats(args.type, [&](auto type) { run<decltype(type)>(args); });
}

}  // namespace vk
