/* Normalisation layers, softmax and dropout. Tensors are (N, C, ...) where channels are spoken of.
 * An output may be the input, an input_gradient the output_gradient or the input. */
#ifndef VOXKERN_NORMALIZATION_H
#define VOXKERN_NORMALIZATION_H

#include "voxkern/activation.h"
#include "voxkern/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* group_norm: every group of channels to mean 0 and variance 1 (kernels/group_norm/README.md).
 * As many groups as channels is instance normalisation, one group is layer normalisation. */
typedef struct vk_group_norm_params {
  uint32_t struct_size;
  /** None, ReLU or leaky ReLU. */
  vk_activation activation;
  double negative_slope;
  int64_t groups;
  double epsilon;
} vk_group_norm_params;

/** output = activation((input - mean) inverse_deviation scale + shift). scale and shift (C), or
 * none; mean and inverse_deviation (N, groups) are written where they are wanted. */
VK_API vk_status vk_group_norm_plan(vk_context* context, const vk_view* input, const vk_view* scale,
                                    const vk_view* shift, const vk_group_norm_params* params,
                                    const vk_view* output, const vk_view* mean,
                                    const vk_view* inverse_deviation, vk_plan* plan);
VK_API vk_status vk_group_norm(vk_context* context, const vk_plan* plan, const vk_view* input,
                               const vk_view* scale, const vk_view* shift,
                               const vk_group_norm_params* params, const vk_view* workspace,
                               const vk_view* output, const vk_view* mean,
                               const vk_view* inverse_deviation);
/** Any of the three gradients may be left out. */
VK_API vk_status vk_group_norm_gradient_plan(
    vk_context* context, const vk_view* input, const vk_view* scale, const vk_view* shift,
    const vk_view* mean, const vk_view* inverse_deviation, const vk_view* output_gradient,
    const vk_group_norm_params* params, const vk_view* input_gradient,
    const vk_view* scale_gradient, const vk_view* shift_gradient, vk_plan* plan);
VK_API vk_status vk_group_norm_gradient(
    vk_context* context, const vk_plan* plan, const vk_view* input, const vk_view* scale,
    const vk_view* shift, const vk_view* mean, const vk_view* inverse_deviation,
    const vk_view* output_gradient, const vk_group_norm_params* params, const vk_view* workspace,
    const vk_view* input_gradient, const vk_view* scale_gradient, const vk_view* shift_gradient);

/* batch_norm: every channel by the statistics of the batch, or by running ones
 * (kernels/batch_norm/README.md) */
typedef struct vk_batch_norm_params {
  uint32_t struct_size;
  /** None, ReLU or leaky ReLU. */
  vk_activation activation;
  double negative_slope;
  /** Non-zero: statistics of this batch; zero: the running ones. */
  int32_t training;
  double epsilon;
  /** Weight of this batch in the running statistics. */
  double momentum;
} vk_batch_norm_params;

/** All of the channels' tensors are (C). In training the running statistics are updated, or none;
 * mean and inverse_deviation are what the channel was normalised by, written where wanted. */
VK_API vk_status vk_batch_norm_plan(vk_context* context, const vk_view* input, const vk_view* scale,
                                    const vk_view* shift, const vk_view* running_mean,
                                    const vk_view* running_variance,
                                    const vk_batch_norm_params* params, const vk_view* output,
                                    const vk_view* mean, const vk_view* inverse_deviation,
                                    vk_plan* plan);
VK_API vk_status vk_batch_norm(vk_context* context, const vk_plan* plan, const vk_view* input,
                               const vk_view* scale, const vk_view* shift,
                               const vk_view* running_mean, const vk_view* running_variance,
                               const vk_batch_norm_params* params, const vk_view* workspace,
                               const vk_view* output, const vk_view* mean,
                               const vk_view* inverse_deviation);
/** In training through the statistics too. Any of the three gradients may be left out. */
VK_API vk_status vk_batch_norm_gradient_plan(
    vk_context* context, const vk_view* input, const vk_view* scale, const vk_view* shift,
    const vk_view* mean, const vk_view* inverse_deviation, const vk_view* output_gradient,
    const vk_batch_norm_params* params, const vk_view* input_gradient,
    const vk_view* scale_gradient, const vk_view* shift_gradient, vk_plan* plan);
VK_API vk_status vk_batch_norm_gradient(
    vk_context* context, const vk_plan* plan, const vk_view* input, const vk_view* scale,
    const vk_view* shift, const vk_view* mean, const vk_view* inverse_deviation,
    const vk_view* output_gradient, const vk_batch_norm_params* params, const vk_view* workspace,
    const vk_view* input_gradient, const vk_view* scale_gradient, const vk_view* shift_gradient);

/* layer_norm: over the last axes, with a scale an element (kernels/layer_norm/README.md) */
typedef struct vk_layer_norm_params {
  uint32_t struct_size;
  /** The first of the axes that are normalised together. */
  int32_t axis;
  /** Non-zero: by the root of the mean square, no mean is taken off. */
  int32_t root_mean_square;
  double epsilon;
} vk_layer_norm_params;

/** scale and shift have the sizes from the axis on, or are none; mean and inverse_deviation those
 * before it, written where they are wanted. */
VK_API vk_status vk_layer_norm_plan(vk_context* context, const vk_view* input, const vk_view* scale,
                                    const vk_view* shift, const vk_layer_norm_params* params,
                                    const vk_view* output, const vk_view* mean,
                                    const vk_view* inverse_deviation, vk_plan* plan);
VK_API vk_status vk_layer_norm(vk_context* context, const vk_plan* plan, const vk_view* input,
                               const vk_view* scale, const vk_view* shift,
                               const vk_layer_norm_params* params, const vk_view* workspace,
                               const vk_view* output, const vk_view* mean,
                               const vk_view* inverse_deviation);
/** mean is none with root_mean_square. Any of the three gradients may be left out. */
VK_API vk_status vk_layer_norm_gradient_plan(
    vk_context* context, const vk_view* input, const vk_view* scale, const vk_view* mean,
    const vk_view* inverse_deviation, const vk_view* output_gradient,
    const vk_layer_norm_params* params, const vk_view* input_gradient,
    const vk_view* scale_gradient, const vk_view* shift_gradient, vk_plan* plan);
VK_API vk_status vk_layer_norm_gradient(
    vk_context* context, const vk_plan* plan, const vk_view* input, const vk_view* scale,
    const vk_view* mean, const vk_view* inverse_deviation, const vk_view* output_gradient,
    const vk_layer_norm_params* params, const vk_view* workspace, const vk_view* input_gradient,
    const vk_view* scale_gradient, const vk_view* shift_gradient);

/* softmax: e^x over its sum along an axis, or the logarithm of that (kernels/softmax/README.md) */
typedef struct vk_softmax_params {
  uint32_t struct_size;
  int32_t axis;
  /** Non-zero: the logarithm. */
  int32_t logarithm;
} vk_softmax_params;

VK_API vk_status vk_softmax_plan(vk_context* context, const vk_view* input,
                                 const vk_softmax_params* params, const vk_view* output,
                                 vk_plan* plan);
VK_API vk_status vk_softmax(vk_context* context, const vk_plan* plan, const vk_view* input,
                            const vk_softmax_params* params, const vk_view* workspace,
                            const vk_view* output);
/** From the output, not the input. */
VK_API vk_status vk_softmax_gradient_plan(vk_context* context, const vk_view* output,
                                          const vk_view* output_gradient,
                                          const vk_softmax_params* params,
                                          const vk_view* input_gradient, vk_plan* plan);
VK_API vk_status vk_softmax_gradient(vk_context* context, const vk_plan* plan,
                                     const vk_view* output, const vk_view* output_gradient,
                                     const vk_softmax_params* params, const vk_view* workspace,
                                     const vk_view* input_gradient);

/* local_response_norm: by the squares of neighbouring channels
 * (kernels/local_response_norm/README.md). Its output is not the input. */
typedef struct vk_local_response_norm_params {
  uint32_t struct_size;
  /** Channels of a window, and how many of them lie before its own: (size - 1) / 2 as ONNX has it,
   * size / 2 as PyTorch. */
  int64_t size;
  int64_t before;
  double alpha;
  double beta;
  double bias;
} vk_local_response_norm_params;

VK_API vk_status vk_local_response_norm_plan(vk_context* context, const vk_view* input,
                                             const vk_local_response_norm_params* params,
                                             const vk_view* output, vk_plan* plan);
VK_API vk_status vk_local_response_norm(vk_context* context, const vk_plan* plan,
                                        const vk_view* input,
                                        const vk_local_response_norm_params* params,
                                        const vk_view* workspace, const vk_view* output);
VK_API vk_status vk_local_response_norm_gradient_plan(vk_context* context, const vk_view* input,
                                                      const vk_view* output_gradient,
                                                      const vk_local_response_norm_params* params,
                                                      const vk_view* input_gradient, vk_plan* plan);
VK_API vk_status vk_local_response_norm_gradient(vk_context* context, const vk_plan* plan,
                                                 const vk_view* input,
                                                 const vk_view* output_gradient,
                                                 const vk_local_response_norm_params* params,
                                                 const vk_view* workspace,
                                                 const vk_view* input_gradient);

/* lp_normalize: vectors along an axis to length 1 (kernels/lp_normalize/README.md) */
typedef struct vk_lp_normalize_params {
  uint32_t struct_size;
  int32_t axis;
  /** 1 or 2. */
  int32_t p;
  /** Least length that is divided by. */
  double epsilon;
} vk_lp_normalize_params;

VK_API vk_status vk_lp_normalize_plan(vk_context* context, const vk_view* input,
                                      const vk_lp_normalize_params* params, const vk_view* output,
                                      vk_plan* plan);
VK_API vk_status vk_lp_normalize(vk_context* context, const vk_plan* plan, const vk_view* input,
                                 const vk_lp_normalize_params* params, const vk_view* workspace,
                                 const vk_view* output);
VK_API vk_status vk_lp_normalize_gradient_plan(vk_context* context, const vk_view* input,
                                               const vk_view* output_gradient,
                                               const vk_lp_normalize_params* params,
                                               const vk_view* input_gradient, vk_plan* plan);
VK_API vk_status vk_lp_normalize_gradient(vk_context* context, const vk_plan* plan,
                                          const vk_view* input, const vk_view* output_gradient,
                                          const vk_lp_normalize_params* params,
                                          const vk_view* workspace, const vk_view* input_gradient);

/* dropout: random elements or channels to 0, the others scaled up (kernels/dropout/README.md) */
typedef struct vk_dropout_params {
  uint32_t struct_size;
  /** Non-zero: whole channels (n, c) are dropped. */
  int32_t channels;
  /** Of being dropped. */
  double probability;
  uint64_t seed;
  /** Of the draw within the seed's sequence, e.g. layer or step; every number gives another. */
  uint64_t sequence;
} vk_dropout_params;

/** mask, u8, is 1 where an element stays: of the input's sizes, or (N, C) with `channels`. */
VK_API vk_status vk_dropout_plan(vk_context* context, const vk_view* input,
                                 const vk_dropout_params* params, const vk_view* output,
                                 const vk_view* mask, vk_plan* plan);
VK_API vk_status vk_dropout(vk_context* context, const vk_plan* plan, const vk_view* input,
                            const vk_dropout_params* params, const vk_view* workspace,
                            const vk_view* output, const vk_view* mask);
VK_API vk_status vk_dropout_gradient_plan(vk_context* context, const vk_view* output_gradient,
                                          const vk_view* mask, const vk_dropout_params* params,
                                          const vk_view* input_gradient, vk_plan* plan);
VK_API vk_status vk_dropout_gradient(vk_context* context, const vk_plan* plan,
                                     const vk_view* output_gradient, const vk_view* mask,
                                     const vk_dropout_params* params, const vk_view* workspace,
                                     const vk_view* input_gradient);

#ifdef __cplusplus
}
#endif

#endif /* VOXKERN_NORMALIZATION_H */
