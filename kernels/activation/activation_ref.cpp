#include <cmath>

#include "activation/activation.h"

namespace vk {
namespace {

constexpr double kSeluScale = 1.0507009873554804934;
constexpr double kSeluAlpha = 1.6732632423543772848;
constexpr double kPi = 3.14159265358979323846;

double sigmoid(double x) {
  return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x));
}
double softplus(double x) { return std::fmax(x, 0) + std::log1p(std::exp(-std::fabs(x))); }
double cumulative(double x) { return std::erfc(-x / std::sqrt(2.0)) / 2; }
double density(double x) { return std::exp(-x * x / 2) / std::sqrt(2 * kPi); }
/** fmin and fmax would drop a NaN. */
double held(double x, double low, double high) { return x < low ? low : x > high ? high : x; }
/** 0 gates hold back infinite x too. */
double gated(double x, double gate) { return gate == 0 ? 0 : x * gate; }

double exponentialUnit(double x, double above, double below, double rate) {
  return x > 0 ? above * x : below * std::expm1(rate * x);
}

double geluTanhArgument(double x) { return std::sqrt(2 / kPi) * (x + 0.044715 * x * x * x); }

double value(const ActivationArgs& args, double x) {
  const double alpha = args.alpha;
  if (std::isnan(x)) return x;
  switch (args.kind) {
    case VK_ACTIVATION_NONE:
      return x;
    case VK_ACTIVATION_RELU:
      return x < 0 ? 0 : x;
    case VK_ACTIVATION_LEAKY_RELU:
      return x < 0 ? alpha * x : x;
    case VK_ACTIVATION_THRESHOLDED_RELU:
      return x > alpha ? x : 0;
    case VK_ACTIVATION_CLIP:
      return held(x, alpha, args.beta);
    case VK_ACTIVATION_ELU:
      return exponentialUnit(x, 1, alpha, 1);
    case VK_ACTIVATION_SELU:
      return exponentialUnit(x, kSeluScale, kSeluScale * kSeluAlpha, 1);
    case VK_ACTIVATION_CELU:
      return exponentialUnit(x, 1, alpha, 1 / alpha);
    case VK_ACTIVATION_GELU:
      return gated(x, cumulative(x));
    case VK_ACTIVATION_GELU_TANH:
      return gated(x, sigmoid(2 * geluTanhArgument(x)));
    case VK_ACTIVATION_SIGMOID:
      return sigmoid(x);
    case VK_ACTIVATION_LOG_SIGMOID:
      return -softplus(-x);
    case VK_ACTIVATION_HARD_SIGMOID:
      return held(alpha * x + args.beta, 0, 1);
    case VK_ACTIVATION_TANH:
      return std::tanh(x);
    case VK_ACTIVATION_SWISH:
      return gated(x, sigmoid(alpha * x));
    case VK_ACTIVATION_HARD_SWISH:
      return gated(x, held(x / 6 + 0.5, 0, 1));
    case VK_ACTIVATION_SOFTPLUS:
      return softplus(alpha * x) / alpha;
    case VK_ACTIVATION_MISH:
      return gated(x, std::tanh(softplus(x)));
    case VK_ACTIVATION_SOFTSIGN:
      return std::isinf(x) ? std::copysign(1.0, x) : x / (1 + std::fabs(x));
  }
  return NAN;
}

/** v sigmoid'(v) vanishes long before v is infinite. */
double swishDerivative(double v) {
  const double s = sigmoid(v);
  return s + held(v, -1e3, 1e3) * s * sigmoid(-v);
}

double derivative(const ActivationArgs& args, double x) {
  const double alpha = args.alpha;
  if (std::isnan(x)) return x;
  // Beyond, the smooth gates are 0 or 1 to the last bit, and products of infinities and zeros are
  // not.
  const double within = held(x, -1e3, 1e3);
  switch (args.kind) {
    case VK_ACTIVATION_NONE:
      return 1;
    case VK_ACTIVATION_RELU:
      return x > 0 ? 1 : 0;
    case VK_ACTIVATION_LEAKY_RELU:
      return x > 0 ? 1 : alpha;
    case VK_ACTIVATION_THRESHOLDED_RELU:
      return x > alpha ? 1 : 0;
    case VK_ACTIVATION_CLIP:
      return x > alpha && x < args.beta ? 1 : 0;
    case VK_ACTIVATION_ELU:
      return x > 0 ? 1 : alpha * std::exp(x);
    case VK_ACTIVATION_SELU:
      return kSeluScale * (x > 0 ? 1 : kSeluAlpha * std::exp(x));
    case VK_ACTIVATION_CELU:
      return x > 0 ? 1 : std::exp(x / alpha);
    case VK_ACTIVATION_GELU:
      return cumulative(x) + within * density(within);
    case VK_ACTIVATION_GELU_TANH: {
      const double gate = sigmoid(2 * geluTanhArgument(within));
      const double slope = 2 * std::sqrt(2 / kPi) * (1 + 3 * 0.044715 * within * within);
      return gate + within * gate * sigmoid(-2 * geluTanhArgument(within)) * slope;
    }
    case VK_ACTIVATION_SIGMOID:
      return sigmoid(x) * sigmoid(-x);
    case VK_ACTIVATION_LOG_SIGMOID:
      return sigmoid(-x);
    case VK_ACTIVATION_HARD_SIGMOID:
      return alpha * x + args.beta > 0 && alpha * x + args.beta < 1 ? alpha : 0;
    case VK_ACTIVATION_TANH:
      return 4 * sigmoid(2 * x) * sigmoid(-2 * x);
    case VK_ACTIVATION_SWISH:
      return swishDerivative(alpha * x);
    case VK_ACTIVATION_HARD_SWISH:
      return x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5;
    case VK_ACTIVATION_SOFTPLUS:
      return sigmoid(alpha * x);
    case VK_ACTIVATION_MISH: {
      const double gate = std::tanh(softplus(within));
      return gate + within * (1 - gate * gate) * sigmoid(within);
    }
    case VK_ACTIVATION_SOFTSIGN:
      return 1 / ((1 + std::fabs(x)) * (1 + std::fabs(x)));
  }
  return NAN;
}

template <class T>
void prelu(const PreluArgs& args) {
  const T* const input = static_cast<const T*>(args.input);
  const T* const slopes = static_cast<const T*>(args.slope);
  T* const output = static_cast<T*>(args.output);
  for (int64_t row = 0; row < args.batch * args.channels; ++row) {
    const double slope = double(slopes[args.slopes == 1 ? 0 : row % args.channels]);
    for (int64_t i = row * args.length; i < (row + 1) * args.length; ++i) {
      const double x = double(input[i]);
      output[i] = T(x < 0 ? slope * x : x);
    }
  }
}

template <class T>
void preluGradient(const PreluArgs& args) {
  const T* const input = static_cast<const T*>(args.input);
  const T* const slopes = static_cast<const T*>(args.slope);
  const T* const outputGradient = static_cast<const T*>(args.outputGradient);
  T* const inputGradient = static_cast<T*>(args.output);
  T* const slopeGradient = static_cast<T*>(args.slopeGradient);
  const int64_t rows = args.batch * args.channels;
  for (int64_t s = 0; s < args.slopes; ++s) {
    double sum = 0;
    for (int64_t row = s; row < rows; row += args.slopes) {
      for (int64_t i = row * args.length; i < (row + 1) * args.length; ++i) {
        const double x = double(input[i]);
        const double g = double(outputGradient[i]);
        if (!(x > 0)) sum += x * g;
        if (inputGradient != nullptr) {
          inputGradient[i] = T(std::isnan(x) ? x : x > 0 ? g : g * double(slopes[s]));
        }
      }
    }
    if (slopeGradient != nullptr) slopeGradient[s] = T(sum);
  }
}

}  // namespace

void activationForwardReference(const ActivationArgs& args, Context&, const Workspace&) {
  withFloats(args.type, [&](auto type) {
    using T = decltype(type);
    for (int64_t i = 0; i < args.count; ++i) {
      static_cast<T*>(args.output)[i] =
          T(value(args, double(static_cast<const T*>(args.input)[i])));
    }
  });
}

void activationGradientReference(const ActivationArgs& args, Context&, const Workspace&) {
  withFloats(args.type, [&](auto type) {
    using T = decltype(type);
    for (int64_t i = 0; i < args.count; ++i) {
      const double slope = derivative(args, double(static_cast<const T*>(args.input)[i]));
      static_cast<T*>(args.output)[i] =
          T(double(static_cast<const T*>(args.outputGradient)[i]) * slope);
    }
  });
}

void preluReference(const PreluArgs& args, Context&, const Workspace&) {
  withFloats(args.type, [&](auto type) { prelu<decltype(type)>(args); });
}

void preluGradientReference(const PreluArgs& args, Context&, const Workspace&) {
  withFloats(args.type, [&](auto type) { preluGradient<decltype(type)>(args); });
}

}  // namespace vk
