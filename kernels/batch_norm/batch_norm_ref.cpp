#include <cmath>

#include "batch_norm/batch_norm.h"

namespace vk {
namespace {

/** body(element) for every element of a channel. */
template <class Body>
void forEachOf(const BatchNormArgs& args, int64_t channel, Body body) {
  for (int64_t n = 0; n < args.batch; ++n) {
    for (int64_t i = 0; i < args.length; ++i) {
      body((n * args.channels + channel) * args.length + i);
    }
  }
}

template <class T>
double valueOr(const void* values, int64_t channel, double otherwise) {
  return values == nullptr ? otherwise : double(static_cast<const T*>(values)[channel]);
}

double activated(const BatchNormArgs& args, double value) {
  if (args.activation == VK_ACTIVATION_RELU) return value < 0 ? 0 : value;
  if (args.activation == VK_ACTIVATION_LEAKY_RELU) {
    return value < 0 ? args.negativeSlope * value : value;
  }
  return value;
}

template <class T>
void forward(const BatchNormArgs& args) {
  const T* const input = static_cast<const T*>(args.input);
  T* const runningMean = static_cast<T*>(args.runningMean);
  T* const runningVariance = static_cast<T*>(args.runningVariance);
  const double count = double(args.batch * args.length);
  for (int64_t channel = 0; channel < args.channels; ++channel) {
    double mean = 0, variance = 0;
    if (args.given) {
      mean = double(runningMean[channel]);
      variance = double(runningVariance[channel]);
    } else if (count > 0) {
      forEachOf(args, channel, [&](int64_t at) { mean += double(input[at]); });
      mean /= count;
      double squares = 0;
      forEachOf(args, channel, [&](int64_t at) {
        squares += (double(input[at]) - mean) * (double(input[at]) - mean);
      });
      variance = squares / count;
      if (runningMean != nullptr) {
        const double m = args.momentum;
        const double unbiased = count > 1 ? squares / (count - 1) : 0;
        runningMean[channel] = T((1 - m) * double(runningMean[channel]) + m * mean);
        runningVariance[channel] = T((1 - m) * double(runningVariance[channel]) + m * unbiased);
      }
    }
    const double inverse = 1 / std::sqrt(variance + args.epsilon);
    const double scale = valueOr<T>(args.scale, channel, 1);
    const double shift = valueOr<T>(args.shift, channel, 0);
    forEachOf(args, channel, [&](int64_t at) {
      static_cast<T*>(args.output)[at] =
          T(activated(args, (double(input[at]) - mean) * inverse * scale + shift));
    });
    if (args.savedMean != nullptr) static_cast<T*>(args.savedMean)[channel] = T(mean);
    if (args.savedInverse != nullptr) static_cast<T*>(args.savedInverse)[channel] = T(inverse);
  }
}

template <class T>
void gradient(const BatchNormArgs& args) {
  const T* const input = static_cast<const T*>(args.input);
  const T* const outputGradient = static_cast<const T*>(args.outputGradient);
  const double count = double(args.batch * args.length);
  for (int64_t channel = 0; channel < args.channels; ++channel) {
    const double mean = double(static_cast<const T*>(args.mean)[channel]);
    const double inverse = double(static_cast<const T*>(args.inverseDeviation)[channel]);
    const double scale = valueOr<T>(args.scale, channel, 1);
    const double shift = valueOr<T>(args.shift, channel, 0);
    const auto normalized = [&](int64_t at) { return (double(input[at]) - mean) * inverse; };
    const auto gradientAt = [&](int64_t at) {
      return double(outputGradient[at]) *
             (normalized(at) * scale + shift > 0 ? 1 : args.slopeBelowZero());
    };
    double sum = 0, product = 0;
    forEachOf(args, channel, [&](int64_t at) {
      sum += gradientAt(at);
      product += gradientAt(at) * normalized(at);
    });
    if (args.inputGradient != nullptr) {
      forEachOf(args, channel, [&](int64_t at) {
        const double direct = gradientAt(at) * scale * inverse;
        const double byStatistics =
            args.given ? 0 : scale * inverse * (sum + normalized(at) * product) / count;
        static_cast<T*>(args.inputGradient)[at] = T(direct - byStatistics);
      });
    }
    if (args.scaleGradient != nullptr) static_cast<T*>(args.scaleGradient)[channel] = T(product);
    if (args.shiftGradient != nullptr) static_cast<T*>(args.shiftGradient)[channel] = T(sum);
  }
}

}  // namespace

void batchNormReference(const BatchNormArgs& args, Context&, const Workspace&) {
  withFloats(args.type, [&](auto type) { forward<decltype(type)>(args); });
}

void batchNormGradientReference(const BatchNormArgs& args, Context&, const Workspace&) {
  withFloats(args.type, [&](auto type) { gradient<decltype(type)>(args); });
}

}  // namespace vk
