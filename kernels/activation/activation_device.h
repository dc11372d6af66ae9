// The formula of an activation, chosen once a kernel: for the element-wise kernels and for those
// that an activation is fused into.
#pragma once

#include "activation/activation_math.h"
#include "cuda/kernel.h"

namespace vk::activation {

/** body(formula) for the kind, in numbers of type T. */
template <class T, class Body>
__device__ inline void withFormula(vk_activation kind, double alpha, double beta,
                                   const Body& body) {
  constexpr double kSeluScale = 1.0507009873554804934;
  constexpr double kSeluAlpha = 1.6732632423543772848;
  const Formula<T> formula{T(alpha), T(beta)};
  switch (kind) {
    case VK_ACTIVATION_RELU:
      return body(Relu<T>{formula});
    case VK_ACTIVATION_LEAKY_RELU:
      return body(LeakyRelu<T>{formula});
    case VK_ACTIVATION_THRESHOLDED_RELU:
      return body(ThresholdedRelu<T>{formula});
    case VK_ACTIVATION_CLIP:
      return body(Clip<T>{formula});
    case VK_ACTIVATION_ELU:
      return body(ExponentialUnit<T>{T(1), formula.alpha, T(1)});
    case VK_ACTIVATION_SELU:
      return body(ExponentialUnit<T>{T(kSeluScale), T(kSeluScale * kSeluAlpha), T(1)});
    case VK_ACTIVATION_CELU:
      return body(ExponentialUnit<T>{T(1), formula.alpha, T(1 / alpha)});
    case VK_ACTIVATION_GELU:
      return body(Gelu<T>{formula});
    case VK_ACTIVATION_GELU_TANH:
      return body(GeluTanh<T>{formula});
    case VK_ACTIVATION_SIGMOID:
      return body(Sigmoid<T>{formula});
    case VK_ACTIVATION_LOG_SIGMOID:
      return body(LogSigmoid<T>{formula});
    case VK_ACTIVATION_HARD_SIGMOID:
      return body(HardSigmoid<T>{formula});
    case VK_ACTIVATION_TANH:
      return body(Tanh<T>{formula});
    case VK_ACTIVATION_SWISH:
      return body(Swish<T>{formula});
    case VK_ACTIVATION_HARD_SWISH:
      return body(HardSwish<T>{formula});
    case VK_ACTIVATION_SOFTPLUS:
      return body(Softplus<T>{formula});
    case VK_ACTIVATION_MISH:
      return body(Mish<T>{formula});
    case VK_ACTIVATION_SOFTSIGN:
      return body(Softsign<T>{formula});
    default:
      return body(Identity<T>{formula});
  }
}

}  // namespace vk::activation
