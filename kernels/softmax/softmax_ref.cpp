#include <cmath>

#include "softmax/softmax.h"

namespace vk {
namespace {

/** body(first element) for every line along the axis. */
template <class Body>
void forEachLine(const AxisSizes& sizes, Body body) {
  for (int64_t outer = 0; outer < sizes.outer; ++outer) {
    for (int64_t inner = 0; inner < sizes.inner; ++inner) {
      body(outer * sizes.size * sizes.inner + inner);
    }
  }
}

template <class T>
void forward(const SoftmaxArgs& args) {
  const T* const input = static_cast<const T*>(args.input);
  T* const output = static_cast<T*>(args.output);
  const int64_t stride = args.sizes.inner;
  forEachLine(args.sizes, [&](int64_t first) {
    double largest = -INFINITY;
    for (int64_t k = 0; k < args.sizes.size; ++k) {
      const double x = double(input[first + k * stride]);
      if (!(x <= largest)) largest = x;
    }
    double sum = 0;
    for (int64_t k = 0; k < args.sizes.size; ++k) {
      sum += std::exp(double(input[first + k * stride]) - largest);
    }
    for (int64_t k = 0; k < args.sizes.size; ++k) {
      const double x = double(input[first + k * stride]) - largest;
      output[first + k * stride] = T(args.logarithm ? x - std::log(sum) : std::exp(x) / sum);
    }
  });
}

template <class T>
void gradient(const SoftmaxArgs& args) {
  const T* const output = static_cast<const T*>(args.input);
  const T* const outputGradient = static_cast<const T*>(args.outputGradient);
  const int64_t stride = args.sizes.inner;
  forEachLine(args.sizes, [&](int64_t first) {
    double sum = 0;
    for (int64_t k = 0; k < args.sizes.size; ++k) {
      const int64_t at = first + k * stride;
      sum += double(outputGradient[at]) * (args.logarithm ? 1 : double(output[at]));
    }
    for (int64_t k = 0; k < args.sizes.size; ++k) {
      const int64_t at = first + k * stride;
      const double g = double(outputGradient[at]);
      const double y = double(output[at]);
      static_cast<T*>(args.output)[at] = T(args.logarithm ? g - std::exp(y) * sum : y * (g - sum));
    }
  });
}

}  // namespace

void softmaxReference(const SoftmaxArgs& args, Context&, const Workspace&) {
  withFloats(args.type, [&](auto type) { forward<decltype(type)>(args); });
}

void softmaxGradientReference(const SoftmaxArgs& args, Context&, const Workspace&) {
  withFloats(args.type, [&](auto type) { gradient<decltype(type)>(args); });
}

}  // namespace vk
