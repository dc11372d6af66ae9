/* Element-wise functions between the layers of a network. */
#ifndef VOXKERN_ACTIVATION_H
#define VOXKERN_ACTIVATION_H

#include "voxkern/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Of x, with the parameters alpha and beta where they are named. Convolutions and normalisations
 * apply the first three themselves; activation_forward has all. */
typedef enum vk_activation {
  VK_ACTIVATION_NONE = 0,
  /** max(0, x). */
  VK_ACTIVATION_RELU = 1,
  /** x, below zero alpha x; the slope is alpha here and negative_slope where it is fused. */
  VK_ACTIVATION_LEAKY_RELU = 2,
  /** x where x > alpha, else 0. */
  VK_ACTIVATION_THRESHOLDED_RELU = 3,
  /** x held within [alpha, beta]. */
  VK_ACTIVATION_CLIP = 4,
  /** x, below zero alpha (e^x - 1). */
  VK_ACTIVATION_ELU = 5,
  /** ELU with the constants that keep mean 0 and variance 1. */
  VK_ACTIVATION_SELU = 6,
  /** x, below zero alpha (e^(x / alpha) - 1). */
  VK_ACTIVATION_CELU = 7,
  /** x Phi(x), by the error function. */
  VK_ACTIVATION_GELU = 8,
  /** x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2. */
  VK_ACTIVATION_GELU_TANH = 9,
  VK_ACTIVATION_SIGMOID = 10,
  VK_ACTIVATION_LOG_SIGMOID = 11,
  /** alpha x + beta held within [0, 1]. */
  VK_ACTIVATION_HARD_SIGMOID = 12,
  VK_ACTIVATION_TANH = 13,
  /** x sigmoid(alpha x); SiLU with alpha 1. */
  VK_ACTIVATION_SWISH = 14,
  /** x (x / 6 + 1/2 held within [0, 1]). */
  VK_ACTIVATION_HARD_SWISH = 15,
  /** ln(1 + e^(alpha x)) / alpha. */
  VK_ACTIVATION_SOFTPLUS = 16,
  /** x tanh(ln(1 + e^x)). */
  VK_ACTIVATION_MISH = 17,
  /** x / (1 + |x|). */
  VK_ACTIVATION_SOFTSIGN = 18
} vk_activation;

typedef struct vk_activation_params {
  uint32_t struct_size;
  vk_activation kind;
  double alpha;
  double beta;
} vk_activation_params;

/* activation: y = f(x) element by element (kernels/activation/README.md). Outputs may be an input
 * of their own call: `output` the input, `input_gradient` the output_gradient or the input. */
VK_API vk_status vk_activation_forward_plan(vk_context* context, const vk_view* input,
                                            const vk_activation_params* params,
                                            const vk_view* output, vk_plan* plan);
VK_API vk_status vk_activation_forward(vk_context* context, const vk_plan* plan,
                                       const vk_view* input, const vk_activation_params* params,
                                       const vk_view* workspace, const vk_view* output);

/** input_gradient = output_gradient f'(input). */
VK_API vk_status vk_activation_gradient_plan(vk_context* context, const vk_view* input,
                                             const vk_view* output_gradient,
                                             const vk_activation_params* params,
                                             const vk_view* input_gradient, vk_plan* plan);
VK_API vk_status vk_activation_gradient(vk_context* context, const vk_plan* plan,
                                        const vk_view* input, const vk_view* output_gradient,
                                        const vk_activation_params* params,
                                        const vk_view* workspace, const vk_view* input_gradient);

/** The leaky rectifier with a slope (C) for every channel, or one (1) for all: x, below zero
 * slope(c) x. input (N, C, ...). */
VK_API vk_status vk_activation_prelu_plan(vk_context* context, const vk_view* input,
                                          const vk_view* slope, const vk_view* output,
                                          vk_plan* plan);
VK_API vk_status vk_activation_prelu(vk_context* context, const vk_plan* plan, const vk_view* input,
                                     const vk_view* slope, const vk_view* workspace,
                                     const vk_view* output);

/** Either gradient may be left out. */
VK_API vk_status vk_activation_prelu_gradient_plan(vk_context* context, const vk_view* input,
                                                   const vk_view* slope,
                                                   const vk_view* output_gradient,
                                                   const vk_view* input_gradient,
                                                   const vk_view* slope_gradient, vk_plan* plan);
VK_API vk_status vk_activation_prelu_gradient(vk_context* context, const vk_plan* plan,
                                              const vk_view* input, const vk_view* slope,
                                              const vk_view* output_gradient,
                                              const vk_view* workspace,
                                              const vk_view* input_gradient,
                                              const vk_view* slope_gradient);

#ifdef __cplusplus
}
#endif

#endif /* VOXKERN_ACTIVATION_H */
