/* Convolution as networks have it, NCDHW. */
#ifndef VOXKERN_CONVOLUTION_H
#define VOXKERN_CONVOLUTION_H

#include "voxkern/activation.h"
#include "voxkern/base.h"
#include "voxkern/tuning.h"

#ifdef __cplusplus
extern "C" {
#endif

/* conv3d: convolution as networks have it, NCDHW (kernels/conv3d/README.md) */
/** Axes are z, y, x: the order of a tensor's sizes. */
typedef struct vk_conv3d_params {
  uint32_t struct_size;
  /** None, ReLU or leaky ReLU. */
  vk_activation activation;
  double negative_slope;
  int64_t groups;
  int64_t kernel[3];
  int64_t stride[3];
  int64_t dilation[3];
  int64_t padding_begin[3];
  int64_t padding_end[3];
  /** Error that the caller accepts, relative in the Frobenius norm, of values that are spread
   * evenly over [-1, 1]; 0 for the usual VK_CONV3D_ACCURACY. The fastest implementation within it
   * is taken; where none is, the most accurate one, which sums products directly. Where the
   * processor has instructions for bfloat16 it may be multiplied: from 5e-6 on values in two parts,
   * from 1e-2 on rounded ones. */
  double accuracy;
  /** Chooses by what was measured; NULL to choose by a model of the cost. Every call about one
   * convolution names the same. */
  vk_tuning* tuning;
} vk_conv3d_params;

#define VK_CONV3D_ACCURACY 1e-5

/** output = activation(convolution(input) + bias + residual). input (N, C, D, H, W), bias (O) or
 * none, residual none or of output's shape (N, O, D', H', W'); residual may be output itself. The
 * plan says packed_bytes: the caller keeps a tensor of the input's element type that large. */
VK_API vk_status vk_conv3d_plan(vk_context* context, const vk_view* input, const vk_view* bias,
                                const vk_view* residual, const vk_conv3d_params* params,
                                const vk_view* output, vk_plan* plan);
/** Once for given weights (O, C / groups, kz, ky, kx): brings them in the order in which the
 * planned implementation reads them. The same packed weights serve every plan of that
 * implementation. */
VK_API vk_status vk_conv3d_pack(vk_context* context, const vk_plan* plan, const vk_view* weights,
                                const vk_conv3d_params* params, const vk_view* packed);
VK_API vk_status vk_conv3d(vk_context* context, const vk_plan* plan, const vk_view* input,
                           const vk_view* packed, const vk_view* bias, const vk_view* residual,
                           const vk_conv3d_params* params, const vk_view* workspace,
                           const vk_view* output);

/* conv3d_gradient_input, conv3d_gradient_weights: of the sum before the activation, with the
 * convolution's params, of which the activation does not matter (kernels/conv3d/README.md) */

/** gradient (N, C, D, H, W) = dL/dinput of upstream (N, O, D', H', W') = dL/doutput. Packed weights
 * are as with vk_conv3d, but not the same. */
VK_API vk_status vk_conv3d_gradient_input_plan(vk_context* context, const vk_view* upstream,
                                               const vk_conv3d_params* params,
                                               const vk_view* gradient, vk_plan* plan);
VK_API vk_status vk_conv3d_gradient_input_pack(vk_context* context, const vk_plan* plan,
                                               const vk_view* weights,
                                               const vk_conv3d_params* params,
                                               const vk_view* packed);
VK_API vk_status vk_conv3d_gradient_input(vk_context* context, const vk_plan* plan,
                                          const vk_view* upstream, const vk_view* packed,
                                          const vk_conv3d_params* params, const vk_view* workspace,
                                          const vk_view* gradient);

/** gradient (O, C / groups, kz, ky, kx) = dL/dweights, gradient_bias (O) or none = dL/dbias, of
 * upstream (N, O, D', H', W') = dL/doutput and the convolution's input (N, C, D, H, W). */
VK_API vk_status vk_conv3d_gradient_weights_plan(vk_context* context, const vk_view* upstream,
                                                 const vk_view* input,
                                                 const vk_conv3d_params* params,
                                                 const vk_view* gradient,
                                                 const vk_view* gradient_bias, vk_plan* plan);
VK_API vk_status vk_conv3d_gradient_weights(vk_context* context, const vk_plan* plan,
                                            const vk_view* upstream, const vk_view* input,
                                            const vk_conv3d_params* params,
                                            const vk_view* workspace, const vk_view* gradient,
                                            const vk_view* gradient_bias);

/* conv3d_transposed: what conv3d_gradient_input computes, as a layer
 * (kernels/conv3d_transposed/README.md) */

/** output = activation(transposed convolution(input) + bias + residual). input (N, C, D, H, W),
 * output (N, O, D', H', W') with D' = (D - 1) stride - padding_begin - padding_end + (kz - 1)
 * dilation + 1 + output padding, which is below stride or dilation. Packed weights are as with
 * vk_conv3d. */
VK_API vk_status vk_conv3d_transposed_plan(vk_context* context, const vk_view* input,
                                           const vk_view* bias, const vk_view* residual,
                                           const vk_conv3d_params* params, const vk_view* output,
                                           vk_plan* plan);
/** weights (C, O / groups, kz, ky, kx) */
VK_API vk_status vk_conv3d_transposed_pack(vk_context* context, const vk_plan* plan,
                                           const vk_view* weights, const vk_conv3d_params* params,
                                           const vk_view* packed);
VK_API vk_status vk_conv3d_transposed(vk_context* context, const vk_plan* plan,
                                      const vk_view* input, const vk_view* packed,
                                      const vk_view* bias, const vk_view* residual,
                                      const vk_conv3d_params* params, const vk_view* workspace,
                                      const vk_view* output);

#ifdef __cplusplus
}
#endif

#endif /* VOXKERN_CONVOLUTION_H */
