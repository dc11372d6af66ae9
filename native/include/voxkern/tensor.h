/* Element by element, reductions and moving data: what networks do between their layers. */
#ifndef VOXKERN_TENSOR_H
#define VOXKERN_TENSOR_H

#include "voxkern/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* reduce: one value of many, along any axes (kernels/reduce/README.md) */
typedef enum vk_reduction {
  VK_REDUCTION_SUM = 0,
  VK_REDUCTION_MEAN = 1,
  VK_REDUCTION_MAX = 2,
  VK_REDUCTION_MIN = 3,
  VK_REDUCTION_PRODUCT = 4,
  VK_REDUCTION_L1 = 5,
  VK_REDUCTION_L2 = 6,
  VK_REDUCTION_SUM_SQUARE = 7,
  VK_REDUCTION_LOG_SUM = 8,
  VK_REDUCTION_LOG_SUM_EXP = 9
} vk_reduction;

/** Bit i of `axes` says that axis i is reduced. `output` has the reduced axes with size 1, or not
 * at all. */
VK_API vk_status vk_reduce_plan(vk_context* context, const vk_view* input, vk_reduction reduction,
                                uint32_t axes, const vk_view* output, vk_plan* plan);
VK_API vk_status vk_reduce(vk_context* context, const vk_plan* plan, const vk_view* input,
                           vk_reduction reduction, uint32_t axes, const vk_view* workspace,
                           const vk_view* output);
VK_API vk_status vk_reduce_gradient_plan(vk_context* context, const vk_view* input,
                                         const vk_view* output, const vk_view* output_gradient,
                                         vk_reduction reduction, uint32_t axes,
                                         const vk_view* input_gradient, vk_plan* plan);
VK_API vk_status vk_reduce_gradient(vk_context* context, const vk_plan* plan, const vk_view* input,
                                    const vk_view* output, const vk_view* output_gradient,
                                    vk_reduction reduction, uint32_t axes, const vk_view* workspace,
                                    const vk_view* input_gradient);

#ifdef __cplusplus
}
#endif

#endif /* VOXKERN_TENSOR_H */
