/* Pooling as detection networks have it: over regions and towards corners, NCDHW; 2D is depth 1. */
#ifndef VOXKERN_ROI_H
#define VOXKERN_ROI_H

#include "voxkern/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* roi_align: features of boxes on a grid of given size (kernels/roi_align/README.md) */
typedef enum vk_roi_mode { VK_ROI_AVERAGE = 0, VK_ROI_MAX = 1 } vk_roi_mode;

/** Axes are z, y, x. */
typedef struct vk_roi_align_params {
  uint32_t struct_size;
  vk_roi_mode mode;
  /** Not 0: a coordinate c of a box is feature position c scale - 0.5, and boxes may be smaller
   * than a voxel. */
  int32_t half_pixel;
  /** Samples of a bin along each axis; 0: as many as the bin is voxels long. */
  int64_t sampling_ratio;
  double spatial_scale[3];
} vk_roi_align_params;

/** input (N, C, D, H, W); boxes (R, 6) are x1 y1 z1 x2 y2 z2, or (R, 4) x1 y1 x2 y2 where D is 1;
 * images i64 (R) says which image each lies in; output (R, C, d, h, w). */
VK_API vk_status vk_roi_align_plan(vk_context* context, const vk_view* input, const vk_view* boxes,
                                   const vk_view* images, const vk_roi_align_params* params,
                                   const vk_view* output, vk_plan* plan);
VK_API vk_status vk_roi_align(vk_context* context, const vk_plan* plan, const vk_view* input,
                              const vk_view* boxes, const vk_view* images,
                              const vk_roi_align_params* params, const vk_view* workspace,
                              const vk_view* output);
/** By the input, whose shape gradient has. The average does not need the input's values. */
VK_API vk_status vk_roi_align_gradient_plan(vk_context* context, const vk_view* input,
                                            const vk_view* boxes, const vk_view* images,
                                            const vk_view* upstream,
                                            const vk_roi_align_params* params,
                                            const vk_view* gradient, vk_plan* plan);
VK_API vk_status vk_roi_align_gradient(vk_context* context, const vk_plan* plan,
                                       const vk_view* input, const vk_view* boxes,
                                       const vk_view* images, const vk_view* upstream,
                                       const vk_roi_align_params* params, const vk_view* workspace,
                                       const vk_view* gradient);

/* corner_pool: running maximum towards a side (kernels/corner_pool/README.md) */
/** The side that the maximum runs to; it begins at the opposite one. */
typedef enum vk_corner_side {
  VK_CORNER_LEFT = 0,
  VK_CORNER_RIGHT = 1,
  VK_CORNER_TOP = 2,
  VK_CORNER_BOTTOM = 3,
  VK_CORNER_FRONT = 4,
  VK_CORNER_BACK = 5
} vk_corner_side;

/** All tensors are (N, C, D, H, W). */
VK_API vk_status vk_corner_pool_plan(vk_context* context, const vk_view* input, vk_corner_side side,
                                     const vk_view* output, vk_plan* plan);
VK_API vk_status vk_corner_pool(vk_context* context, const vk_plan* plan, const vk_view* input,
                                vk_corner_side side, const vk_view* workspace,
                                const vk_view* output);
VK_API vk_status vk_corner_pool_gradient_plan(vk_context* context, const vk_view* input,
                                              const vk_view* upstream, vk_corner_side side,
                                              const vk_view* gradient, vk_plan* plan);
VK_API vk_status vk_corner_pool_gradient(vk_context* context, const vk_plan* plan,
                                         const vk_view* input, const vk_view* upstream,
                                         vk_corner_side side, const vk_view* workspace,
                                         const vk_view* gradient);

#ifdef __cplusplus
}
#endif

#endif /* VOXKERN_ROI_H */
