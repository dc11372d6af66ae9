#include <cmath>

#include "group_norm/group_norm.h"

namespace vk {
namespace {

/** Elements of group (n, g) are contiguous: those of its channels, one after the other. */
template <class T>
struct Groups {
  explicit Groups(const GroupNormArgs& all)
      : args(all),
        groups(all.batch > 0 ? all.segments / all.batch : 0),
        channelsEach(all.rows),
        count(all.rows * all.length),
        input(static_cast<const T*>(all.input)) {}

  int64_t channelOf(int64_t group, int64_t i) const {
    return group % groups * channelsEach + i / args.length;
  }
  double scale(int64_t channel) const {
    return args.scale == nullptr ? 1 : double(static_cast<const T*>(args.scale)[channel]);
  }
  double shift(int64_t channel) const {
    return args.shift == nullptr ? 0 : double(static_cast<const T*>(args.shift)[channel]);
  }

  const GroupNormArgs& args;
  int64_t groups;
  int64_t channelsEach;
  int64_t count;
  const T* input;
};

double activated(const GroupNormArgs& args, double value) {
  if (args.activation == VK_ACTIVATION_RELU) return value < 0 ? 0 : value;
  if (args.activation == VK_ACTIVATION_LEAKY_RELU) {
    return value < 0 ? args.negativeSlope * value : value;
  }
  return value;
}

template <class T>
void forward(const GroupNormArgs& args) {
  const Groups<T> all(args);
  for (int64_t group = 0; group < args.segments; ++group) {
    const T* const x = all.input + group * all.count;
    T* const y = static_cast<T*>(args.output) + group * all.count;
    double sum = 0;
    for (int64_t i = 0; i < all.count; ++i) sum += double(x[i]);
    const double mean = all.count > 0 ? sum / double(all.count) : 0;
    double squares = 0;
    for (int64_t i = 0; i < all.count; ++i)
      squares += (double(x[i]) - mean) * (double(x[i]) - mean);
    const double variance = all.count > 0 ? squares / double(all.count) : 0;
    const double inverse = 1 / std::sqrt(variance + args.epsilon);
    for (int64_t i = 0; i < all.count; ++i) {
      const int64_t channel = all.channelOf(group, i);
      y[i] = T(activated(
          args, (double(x[i]) - mean) * inverse * all.scale(channel) + all.shift(channel)));
    }
    if (args.savedMean != nullptr) static_cast<T*>(args.savedMean)[group] = T(mean);
    if (args.savedInverse != nullptr) static_cast<T*>(args.savedInverse)[group] = T(inverse);
  }
}

template <class T>
void gradient(const GroupNormArgs& args) {
  const Groups<T> all(args);
  T* const scaleGradient = static_cast<T*>(args.scaleGradient);
  T* const shiftGradient = static_cast<T*>(args.shiftGradient);
  for (int64_t channel = 0; channel < args.channels; ++channel) {
    double products = 0, sums = 0;
    for (int64_t n = 0; n < args.batch; ++n) {
      const int64_t group = n * all.groups + channel / all.channelsEach;
      const double mean = double(static_cast<const T*>(args.mean)[group]);
      const double inverse = double(static_cast<const T*>(args.inverseDeviation)[group]);
      for (int64_t i = 0; i < args.length; ++i) {
        const int64_t at = (n * args.channels + channel) * args.length + i;
        const double normalized = (double(all.input[at]) - mean) * inverse;
        const bool above = normalized * all.scale(channel) + all.shift(channel) > 0;
        const double g = double(static_cast<const T*>(args.outputGradient)[at]) *
                         (above ? 1 : args.slopeBelowZero());
        products += g * normalized;
        sums += g;
      }
    }
    if (scaleGradient != nullptr) scaleGradient[channel] = T(products);
    if (shiftGradient != nullptr) shiftGradient[channel] = T(sums);
  }
  if (args.inputGradient == nullptr) return;
  for (int64_t group = 0; group < args.segments; ++group) {
    const double mean = double(static_cast<const T*>(args.mean)[group]);
    const double inverse = double(static_cast<const T*>(args.inverseDeviation)[group]);
    const int64_t begin = group * all.count;
    // Of the normalised value.
    const auto gradientAt = [&](int64_t i, double& normalized) {
      const int64_t channel = all.channelOf(group, i);
      normalized = (double(all.input[begin + i]) - mean) * inverse;
      const bool above = normalized * all.scale(channel) + all.shift(channel) > 0;
      return double(static_cast<const T*>(args.outputGradient)[begin + i]) *
             (above ? 1 : args.slopeBelowZero()) * all.scale(channel);
    };
    double sum = 0, product = 0, normalized = 0;
    for (int64_t i = 0; i < all.count; ++i) {
      const double g = gradientAt(i, normalized);
      sum += g;
      product += g * normalized;
    }
    for (int64_t i = 0; i < all.count; ++i) {
      const double g = gradientAt(i, normalized);
      static_cast<T*>(args.inputGradient)[begin + i] =
          T(inverse * (g - (sum + normalized * product) / double(all.count)));
    }
  }
}

}  // namespace

void groupNormReference(const GroupNormArgs& args, Context&, const Workspace&) {
  withFloats(args.type, [&](auto type) { forward<decltype(type)>(args); });
}

void groupNormGradientReference(const GroupNormArgs& args, Context&, const Workspace&) {
  withFloats(args.type, [&](auto type) { gradient<decltype(type)>(args); });
}

}  // namespace vk
