/* Sampling as networks have it, NCDHW or NCHW: at the positions of a grid, and on another grid
 * size. */
#ifndef VOXKERN_SAMPLING_H
#define VOXKERN_SAMPLING_H

#include "voxkern/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum vk_sampling_mode {
  VK_SAMPLING_NEAREST = 0,
  VK_SAMPLING_LINEAR = 1,
  /** Cubic convolution. */
  VK_SAMPLING_CUBIC = 2
} vk_sampling_mode;

/* grid_sample: values at the positions of a normalised grid (kernels/grid_sample/README.md) */
typedef enum vk_sampling_padding {
  VK_SAMPLING_ZEROS = 0,
  /** The outermost voxel continues. */
  VK_SAMPLING_BORDER = 1,
  /** Mirrored about the outermost centres (align_corners) or the outer faces of the outermost
     voxels. */
  VK_SAMPLING_REFLECTION = 2
} vk_sampling_padding;

typedef struct vk_grid_sample_params {
  uint32_t struct_size;
  vk_sampling_mode mode;
  vk_sampling_padding padding;
  /** Whether -1 and 1 are the centres of the outermost voxels, or their outer faces. */
  int32_t align_corners;
} vk_grid_sample_params;

/** input (N, C, D, H, W), grid (N, D', H', W', 3) of x, y, z in [-1, 1], output (N, C, D', H', W');
 * or input (N, C, H, W), grid (N, H', W', 2), output (N, C, H', W'). */
VK_API vk_status vk_grid_sample_plan(vk_context* context, const vk_view* input, const vk_view* grid,
                                     const vk_grid_sample_params* params, const vk_view* output,
                                     vk_plan* plan);
VK_API vk_status vk_grid_sample(vk_context* context, const vk_plan* plan, const vk_view* input,
                                const vk_view* grid, const vk_grid_sample_params* params,
                                const vk_view* workspace, const vk_view* output);

/** gradient = dL/dinput, of input's shape, given upstream = dL/doutput. */
VK_API vk_status vk_grid_sample_gradient_input_plan(vk_context* context, const vk_view* grid,
                                                    const vk_view* upstream,
                                                    const vk_grid_sample_params* params,
                                                    const vk_view* gradient, vk_plan* plan);
VK_API vk_status vk_grid_sample_gradient_input(vk_context* context, const vk_plan* plan,
                                               const vk_view* grid, const vk_view* upstream,
                                               const vk_grid_sample_params* params,
                                               const vk_view* workspace, const vk_view* gradient);

/** gradient = dL/dgrid, of grid's shape, given upstream = dL/doutput. */
VK_API vk_status vk_grid_sample_gradient_grid_plan(vk_context* context, const vk_view* input,
                                                   const vk_view* grid, const vk_view* upstream,
                                                   const vk_grid_sample_params* params,
                                                   const vk_view* gradient, vk_plan* plan);
VK_API vk_status vk_grid_sample_gradient_grid(vk_context* context, const vk_plan* plan,
                                              const vk_view* input, const vk_view* grid,
                                              const vk_view* upstream,
                                              const vk_grid_sample_params* params,
                                              const vk_view* workspace, const vk_view* gradient);

/* affine_grid: the grid of an affine map (kernels/affine_grid/README.md) */
/** theta (N, 3, 4), grid (N, D, H, W, 3); or theta (N, 2, 3), grid (N, H, W, 2). */
VK_API vk_status vk_affine_grid_plan(vk_context* context, const vk_view* theta,
                                     int32_t align_corners, const vk_view* grid, vk_plan* plan);
VK_API vk_status vk_affine_grid(vk_context* context, const vk_plan* plan, const vk_view* theta,
                                int32_t align_corners, const vk_view* workspace,
                                const vk_view* grid);

/** gradient = dL/dtheta given upstream = dL/dgrid. */
VK_API vk_status vk_affine_grid_gradient_plan(vk_context* context, const vk_view* upstream,
                                              int32_t align_corners, const vk_view* gradient,
                                              vk_plan* plan);
VK_API vk_status vk_affine_grid_gradient(vk_context* context, const vk_plan* plan,
                                         const vk_view* upstream, int32_t align_corners,
                                         const vk_view* workspace, const vk_view* gradient);

#ifdef __cplusplus
}
#endif

#endif /* VOXKERN_SAMPLING_H */
