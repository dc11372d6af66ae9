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

/** Both gradients at once; on the CPU, linear in 3D with one channel, in less time than one after
 * the other. */
VK_API vk_status vk_grid_sample_gradients_plan(vk_context* context, const vk_view* input,
                                               const vk_view* grid, const vk_view* upstream,
                                               const vk_grid_sample_params* params,
                                               const vk_view* gradient_input,
                                               const vk_view* gradient_grid, vk_plan* plan);
VK_API vk_status vk_grid_sample_gradients(vk_context* context, const vk_plan* plan,
                                          const vk_view* input, const vk_view* grid,
                                          const vk_view* upstream,
                                          const vk_grid_sample_params* params,
                                          const vk_view* workspace, const vk_view* gradient_input,
                                          const vk_view* gradient_grid);

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

/* resize: separable resampling to another size (kernels/resize/README.md) */
/** Where along an axis output voxel i lies in the input; s is output size / input size, or the
 * given scale. */
typedef enum vk_resize_coordinates {
  /** (i + 0.5) / s - 0.5 */
  VK_RESIZE_HALF_PIXEL = 0,
  /** The same about the middle of the input, where s is not quite output size / input size. */
  VK_RESIZE_HALF_PIXEL_SYMMETRIC = 1,
  /** The same, but 0 where the output has one voxel. */
  VK_RESIZE_PYTORCH_HALF_PIXEL = 2,
  /** i (input size - 1) / (output size - 1) */
  VK_RESIZE_ALIGN_CORNERS = 3,
  /** i / s */
  VK_RESIZE_ASYMMETRIC = 4,
  /** Within the region of interest; outside the input is the extrapolation value. */
  VK_RESIZE_TF_CROP_AND_RESIZE = 5
} vk_resize_coordinates;

typedef enum vk_resize_nearest {
  VK_RESIZE_ROUND_PREFER_FLOOR = 0,
  VK_RESIZE_ROUND_PREFER_CEIL = 1,
  VK_RESIZE_FLOOR = 2,
  VK_RESIZE_CEIL = 3
} vk_resize_nearest;

/** Axes are z, y, x. */
typedef struct vk_resize_params {
  uint32_t struct_size;
  vk_sampling_mode mode;
  vk_resize_coordinates coordinates;
  vk_resize_nearest nearest;
  /** Taps outside the input do not count and the others' weights are made to sum to 1; else the
   * edge continues. */
  int32_t exclude_outside;
  /** Linear and cubic filters are as wide as an output voxel where the output is smaller. */
  int32_t antialias;
  /** The coefficient a of cubic convolution. */
  double cubic_coefficient;
  double extrapolation_value;
  /** Output voxels an input voxel; 0 for output size / input size. */
  double scale[3];
  /** Region of interest, 0 to 1 being the whole input; for VK_RESIZE_TF_CROP_AND_RESIZE only. */
  double roi_begin[3];
  double roi_end[3];
} vk_resize_params;

/** input (N, C, D, H, W), output (N, C, D', H', W'). */
VK_API vk_status vk_resize_plan(vk_context* context, const vk_view* input,
                                const vk_resize_params* params, const vk_view* output,
                                vk_plan* plan);
VK_API vk_status vk_resize(vk_context* context, const vk_plan* plan, const vk_view* input,
                           const vk_resize_params* params, const vk_view* workspace,
                           const vk_view* output);

/** gradient = dL/dinput, of input's shape, given upstream = dL/doutput: the adjoint. */
VK_API vk_status vk_resize_gradient_plan(vk_context* context, const vk_view* upstream,
                                         const vk_resize_params* params, const vk_view* gradient,
                                         vk_plan* plan);
VK_API vk_status vk_resize_gradient(vk_context* context, const vk_plan* plan,
                                    const vk_view* upstream, const vk_resize_params* params,
                                    const vk_view* workspace, const vk_view* gradient);

#ifdef __cplusplus
}
#endif

#endif /* VOXKERN_SAMPLING_H */
