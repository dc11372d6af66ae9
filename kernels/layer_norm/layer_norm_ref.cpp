#include <cmath>

#include "layer_norm/layer_norm.h"

namespace vk {
namespace {

template <class T>
double valueOr(const void* values, int64_t i, double otherwise) {
  return values == nullptr ? otherwise : double(static_cast<const T*>(values)[i]);
}

template <class T>
void forward(const LayerNormArgs& args) {
  for (int64_t row = 0; row < args.rows; ++row) {
    const T* const x = static_cast<const T*>(args.input) + row * args.length;
    double mean = 0;
    if (!args.rootMeanSquare) {
      for (int64_t i = 0; i < args.length; ++i) mean += double(x[i]);
      mean = args.length > 0 ? mean / double(args.length) : 0;
    }
    double squares = 0;
    for (int64_t i = 0; i < args.length; ++i) {
      squares += (double(x[i]) - mean) * (double(x[i]) - mean);
    }
    const double square = args.length > 0 ? squares / double(args.length) : 0;
    const double inverse = 1 / std::sqrt(square + args.epsilon);
    for (int64_t i = 0; i < args.length; ++i) {
      static_cast<T*>(args.output)[row * args.length + i] =
          T((double(x[i]) - mean) * inverse * valueOr<T>(args.scale, i, 1) +
            valueOr<T>(args.shift, i, 0));
    }
    if (args.savedMean != nullptr) static_cast<T*>(args.savedMean)[row] = T(mean);
    if (args.savedInverse != nullptr) static_cast<T*>(args.savedInverse)[row] = T(inverse);
  }
}

template <class T>
void gradient(const LayerNormArgs& args) {
  const T* const input = static_cast<const T*>(args.input);
  const T* const outputGradient = static_cast<const T*>(args.outputGradient);
  const auto normalized = [&](int64_t row, int64_t i) {
    return (double(input[row * args.length + i]) - valueOr<T>(args.mean, row, 0)) *
           double(static_cast<const T*>(args.inverseDeviation)[row]);
  };
  const auto gradientAt = [&](int64_t row, int64_t i) {
    return double(outputGradient[row * args.length + i]);
  };
  for (int64_t row = 0; row < args.rows && args.inputGradient != nullptr; ++row) {
    double sum = 0, product = 0;
    for (int64_t i = 0; i < args.length; ++i) {
      const double g = gradientAt(row, i) * valueOr<T>(args.scale, i, 1);
      sum += g;
      product += g * normalized(row, i);
    }
    if (args.rootMeanSquare) sum = 0;
    for (int64_t i = 0; i < args.length; ++i) {
      const double g = gradientAt(row, i) * valueOr<T>(args.scale, i, 1);
      static_cast<T*>(args.inputGradient)[row * args.length + i] =
          T(double(static_cast<const T*>(args.inverseDeviation)[row]) *
            (g - (sum + normalized(row, i) * product) / double(args.length)));
    }
  }
  for (int64_t i = 0; i < args.length; ++i) {
    double sum = 0, product = 0;
    for (int64_t row = 0; row < args.rows; ++row) {
      sum += gradientAt(row, i);
      product += gradientAt(row, i) * normalized(row, i);
    }
    if (args.scaleGradient != nullptr) static_cast<T*>(args.scaleGradient)[i] = T(product);
    if (args.shiftGradient != nullptr) static_cast<T*>(args.shiftGradient)[i] = T(sum);
  }
}

}  // namespace

void layerNormReference(const LayerNormArgs& args, Context&, const Workspace&) {
  withFloats(args.type, [&](auto type) { forward<decltype(type)>(args); });
}

void layerNormGradientReference(const LayerNormArgs& args, Context&, const Workspace&) {
  withFloats(args.type, [&](auto type) { gradient<decltype(type)>(args); });
}

}  // namespace vk
