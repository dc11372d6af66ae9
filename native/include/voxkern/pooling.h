/* Pooling as networks have it, NCDHW; 2D is depth 1. */
#ifndef VOXKERN_POOLING_H
#define VOXKERN_POOLING_H

#include "voxkern/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Where the windows of a pool lie; axes are z, y, x: the order of a tensor's sizes. */
typedef struct vk_pool_window {
  uint32_t struct_size;
  /** Not 0: a last window may reach beyond the padding, if it begins before it. */
  int32_t ceil_mode;
  int64_t kernel[3];
  int64_t stride[3];
  int64_t dilation[3];
  int64_t padding_begin[3];
  int64_t padding_end[3];
} vk_pool_window;

/* max_pool: largest value of each window (kernels/max_pool/README.md) */
/** input (N, C, D, H, W), output (N, C, D', H', W'); indices i64 of output's shape or none: where
 * in its channel's D * H * W values each output was found. */
VK_API vk_status vk_max_pool_plan(vk_context* context, const vk_view* input,
                                  const vk_pool_window* window, const vk_view* output,
                                  const vk_view* indices, vk_plan* plan);
VK_API vk_status vk_max_pool(vk_context* context, const vk_plan* plan, const vk_view* input,
                             const vk_pool_window* window, const vk_view* workspace,
                             const vk_view* output, const vk_view* indices);
/** gradient, of the input's shape, is the sum of upstream where it was found: at the indices, or,
 * without them, where it is found in input again. One of the two must be given. */
VK_API vk_status vk_max_pool_gradient_plan(vk_context* context, const vk_view* input,
                                           const vk_view* indices, const vk_view* upstream,
                                           const vk_pool_window* window, const vk_view* gradient,
                                           vk_plan* plan);
VK_API vk_status vk_max_pool_gradient(vk_context* context, const vk_plan* plan,
                                      const vk_view* input, const vk_view* indices,
                                      const vk_view* upstream, const vk_pool_window* window,
                                      const vk_view* workspace, const vk_view* gradient);

/* max_unpool: values back to where max_pool found them (kernels/max_unpool/README.md) */
/** input and indices (N, C, D', H', W'), output (N, C, D, H, W): zero but at the indices, which
 * count its D * H * W values; -1 is nowhere. Of several values for one place the last stays. */
VK_API vk_status vk_max_unpool_plan(vk_context* context, const vk_view* input,
                                    const vk_view* indices, const vk_view* output, vk_plan* plan);
VK_API vk_status vk_max_unpool(vk_context* context, const vk_plan* plan, const vk_view* input,
                               const vk_view* indices, const vk_view* workspace,
                               const vk_view* output);
/** gradient, of the input's shape, is upstream, of the output's shape, at the indices. */
VK_API vk_status vk_max_unpool_gradient_plan(vk_context* context, const vk_view* indices,
                                             const vk_view* upstream, const vk_view* gradient,
                                             vk_plan* plan);
VK_API vk_status vk_max_unpool_gradient(vk_context* context, const vk_plan* plan,
                                        const vk_view* indices, const vk_view* upstream,
                                        const vk_view* workspace, const vk_view* gradient);

/* average_pool: mean of each window (kernels/average_pool/README.md) */
typedef enum vk_pool_divisor {
  /** The window's voxels that lie inside the input. */
  VK_POOL_DIVISOR_INSIDE = 0,
  /** Those that lie inside the input or its padding. */
  VK_POOL_DIVISOR_PADDED = 1,
  /** A given number. */
  VK_POOL_DIVISOR_GIVEN = 2
} vk_pool_divisor;

/** input (N, C, D, H, W), output (N, C, D', H', W'). `given` is looked at where it is asked for. */
VK_API vk_status vk_average_pool_plan(vk_context* context, const vk_view* input,
                                      const vk_pool_window* window, vk_pool_divisor divisor,
                                      double given, const vk_view* output, vk_plan* plan);
VK_API vk_status vk_average_pool(vk_context* context, const vk_plan* plan, const vk_view* input,
                                 const vk_pool_window* window, vk_pool_divisor divisor,
                                 double given, const vk_view* workspace, const vk_view* output);
/** upstream has the output's shape, gradient the input's. */
VK_API vk_status vk_average_pool_gradient_plan(vk_context* context, const vk_view* upstream,
                                               const vk_pool_window* window,
                                               vk_pool_divisor divisor, double given,
                                               const vk_view* gradient, vk_plan* plan);
VK_API vk_status vk_average_pool_gradient(vk_context* context, const vk_plan* plan,
                                          const vk_view* upstream, const vk_pool_window* window,
                                          vk_pool_divisor divisor, double given,
                                          const vk_view* workspace, const vk_view* gradient);

/* adaptive_pool: pooling to a given size (kernels/adaptive_pool/README.md) */
typedef enum vk_adaptive_mode { VK_ADAPTIVE_AVERAGE = 0, VK_ADAPTIVE_MAX = 1 } vk_adaptive_mode;

/** input (N, C, D, H, W), output (N, C, D', H', W') of any sizes; indices i64 of output's shape or
 * none, with the maximum only: as those of max_pool. */
VK_API vk_status vk_adaptive_pool_plan(vk_context* context, const vk_view* input,
                                       vk_adaptive_mode mode, const vk_view* output,
                                       const vk_view* indices, vk_plan* plan);
VK_API vk_status vk_adaptive_pool(vk_context* context, const vk_plan* plan, const vk_view* input,
                                  vk_adaptive_mode mode, const vk_view* workspace,
                                  const vk_view* output, const vk_view* indices);
/** The maximum needs its indices, the average has none. */
VK_API vk_status vk_adaptive_pool_gradient_plan(vk_context* context, vk_adaptive_mode mode,
                                                const vk_view* indices, const vk_view* upstream,
                                                const vk_view* gradient, vk_plan* plan);
VK_API vk_status vk_adaptive_pool_gradient(vk_context* context, const vk_plan* plan,
                                           vk_adaptive_mode mode, const vk_view* indices,
                                           const vk_view* upstream, const vk_view* workspace,
                                           const vk_view* gradient);

/* lp_pool: p-norm of each window (kernels/lp_pool/README.md) */
/** input (N, C, D, H, W), output (N, C, D', H', W'). */
VK_API vk_status vk_lp_pool_plan(vk_context* context, const vk_view* input,
                                 const vk_pool_window* window, double p, const vk_view* output,
                                 vk_plan* plan);
VK_API vk_status vk_lp_pool(vk_context* context, const vk_plan* plan, const vk_view* input,
                            const vk_pool_window* window, double p, const vk_view* workspace,
                            const vk_view* output);
/** `output` is what lp_pool made of `input`. */
VK_API vk_status vk_lp_pool_gradient_plan(vk_context* context, const vk_view* input,
                                          const vk_view* output, const vk_view* upstream,
                                          const vk_pool_window* window, double p,
                                          const vk_view* gradient, vk_plan* plan);
VK_API vk_status vk_lp_pool_gradient(vk_context* context, const vk_plan* plan, const vk_view* input,
                                     const vk_view* output, const vk_view* upstream,
                                     const vk_pool_window* window, double p,
                                     const vk_view* workspace, const vk_view* gradient);

#ifdef __cplusplus
}
#endif

#endif /* VOXKERN_POOLING_H */
