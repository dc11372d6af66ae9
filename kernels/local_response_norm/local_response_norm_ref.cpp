#include <cmath>

#include "local_response_norm/local_response_norm.h"

namespace vk {
namespace {

template <class T>
struct Reference {
  const LocalResponseNormArgs& args;

  double inputAt(int64_t n, int64_t channel, int64_t i) const {
    return double(
        static_cast<const T*>(args.input)[(n * args.channels + channel) * args.length + i]);
  }

  /** bias + alpha / size times the sum of squares in the channel's window. */
  double base(int64_t n, int64_t channel, int64_t i) const {
    double sum = 0;
    for (int64_t c = channel - args.before; c <= channel + args.after; ++c) {
      if (c >= 0 && c < args.channels) sum += inputAt(n, c, i) * inputAt(n, c, i);
    }
    return args.bias + args.alphaEach() * sum;
  }

  double gradient(int64_t n, int64_t channel, int64_t i) const {
    const T* const g = static_cast<const T*>(args.outputGradient);
    const auto gradientAt = [&](int64_t c) {
      return double(g[(n * args.channels + c) * args.length + i]);
    };
    // Of the channels whose window holds this one.
    double sum = 0;
    for (int64_t c = channel - args.after; c <= channel + args.before; ++c) {
      if (c < 0 || c >= args.channels) continue;
      sum += gradientAt(c) * inputAt(n, c, i) * std::pow(base(n, c, i), -args.beta - 1);
    }
    return gradientAt(channel) * std::pow(base(n, channel, i), -args.beta) -
           2 * args.alphaEach() * args.beta * inputAt(n, channel, i) * sum;
  }

  void run() const {
    T* out = static_cast<T*>(args.output);
    for (int64_t n = 0; n < args.batch; ++n) {
      for (int64_t channel = 0; channel < args.channels; ++channel) {
        for (int64_t i = 0; i < args.length; ++i, ++out) {
          *out = T(args.outputGradient != nullptr
                       ? gradient(n, channel, i)
                       : inputAt(n, channel, i) * std::pow(base(n, channel, i), -args.beta));
        }
      }
    }
  }
};

}  // namespace

void localResponseNormReference(const LocalResponseNormArgs& args, Context&, const Workspace&) {
  withFloats(args.type, [&](auto type) { Reference<decltype(type)>{args}.run(); });
}

void localResponseNormGradientReference(const LocalResponseNormArgs& args, Context& context,
                                        const Workspace& workspace) {
  localResponseNormReference(args, context, workspace);
}

}  // namespace vk
