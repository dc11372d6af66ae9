/* What a step of training does to parameters. See voxkern.h. */
#ifndef VOXKERN_TRAINING_H
#define VOXKERN_TRAINING_H

#include "voxkern/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* optimizer_step: parameters follow their gradients, in one pass
 * (kernels/optimizer_step/README.md) */
typedef struct vk_optimizer_step_sgd_params {
  uint32_t struct_size;
  /** Non-zero: looks ahead by the momentum. */
  int32_t nesterov;
  double learning_rate;
  double momentum;
  double dampening;
  /** Times the parameter, added to the gradient. */
  double weight_decay;
  /** The number of this step, from 1. */
  int64_t step;
} vk_optimizer_step_sgd_params;

/** Changes parameter and velocity, which is missing where the momentum is 0; all have the same
 * shape. */
VK_API vk_status vk_optimizer_step_sgd_plan(vk_context* context, const vk_view* gradient,
                                            const vk_optimizer_step_sgd_params* params,
                                            const vk_view* parameter, const vk_view* velocity,
                                            vk_plan* plan);
VK_API vk_status vk_optimizer_step_sgd(vk_context* context, const vk_plan* plan,
                                       const vk_view* gradient,
                                       const vk_optimizer_step_sgd_params* params,
                                       const vk_view* workspace, const vk_view* parameter,
                                       const vk_view* velocity);

typedef struct vk_optimizer_step_adam_params {
  uint32_t struct_size;
  /** Non-zero: the decay shrinks the parameter and does not pass the gradient (AdamW). */
  int32_t decoupled;
  double learning_rate;
  double beta1;
  double beta2;
  double epsilon;
  double weight_decay;
  /** The number of this step, from 1. */
  int64_t step;
} vk_optimizer_step_adam_params;

/** Changes parameter, mean and square; all have the same shape. */
VK_API vk_status vk_optimizer_step_adam_plan(vk_context* context, const vk_view* gradient,
                                             const vk_optimizer_step_adam_params* params,
                                             const vk_view* parameter, const vk_view* mean,
                                             const vk_view* square, vk_plan* plan);
VK_API vk_status vk_optimizer_step_adam(vk_context* context, const vk_plan* plan,
                                        const vk_view* gradient,
                                        const vk_optimizer_step_adam_params* params,
                                        const vk_view* workspace, const vk_view* parameter,
                                        const vk_view* mean, const vk_view* square);

#ifdef __cplusplus
}
#endif

#endif /* VOXKERN_TRAINING_H */
