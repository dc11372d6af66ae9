/* Operations of image registration. Which part of a call's outputs are wanted is said by which
 * output views have data. */
#ifndef VOXKERN_REGISTRATION_H
#define VOXKERN_REGISTRATION_H

#include "voxkern/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ssd: sum of squared differences (kernels/ssd/README.md) */
VK_API vk_status vk_ssd_plan(vk_context* context, const vk_view* fixed, const vk_view* warped,
                             const vk_view* mask, const vk_view* gradient, vk_plan* plan);
VK_API vk_status vk_ssd(vk_context* context, const vk_plan* plan, const vk_view* fixed,
                        const vk_view* warped, const vk_view* mask, const vk_view* gradient,
                        const vk_view* workspace, double* value);

/** What an image is outside its buffer: the fill value; its edge voxel; its mirror image about the
 * centre of the edge voxel (.. 2 1 0 1 2 ..); itself again. */
typedef enum vk_border {
  VK_BORDER_CONSTANT = 0,
  VK_BORDER_CLAMP = 1,
  VK_BORDER_MIRROR = 2,
  VK_BORDER_PERIODIC = 3
} vk_border;

/* bspline_prefilter: the coefficients of the cubic B-spline that interpolates an image
 * (kernels/bspline_prefilter/README.md). PERIODIC continues the image periodically, every other
 * border mirrors it, as ITK does. image ((C,) D, H, W) may be coefficients. */
VK_API vk_status vk_bspline_prefilter_plan(vk_context* context, const vk_view* image,
                                           vk_border border, const vk_view* coefficients,
                                           vk_plan* plan);
VK_API vk_status vk_bspline_prefilter(vk_context* context, const vk_plan* plan,
                                      const vk_view* image, vk_border border,
                                      const vk_view* coefficients, const vk_view* workspace);

/* warp3d (kernels/warp3d/README.md) */
typedef enum vk_interpolation {
  VK_NEAREST = 0,
  VK_LINEAR = 1,
  /** Of coefficients made by bspline_prefilter. */
  VK_CUBIC_BSPLINE = 2
} vk_interpolation;

/** The moving index position of output voxel i is p(i) = index_map (i, 1) + displacement_map u(i):
 * row-major 3x4 and 3x3, i and p as (x, y, z), u the displacement in mm. */
typedef struct vk_warp3d_params {
  uint32_t struct_size;
  vk_interpolation interpolation;
  vk_border border;
  double fill_value;
  double index_map[12];
  double displacement_map[9];
} vk_warp3d_params;

/** moving ((C,) D, H, W); moving_mask u8 (D, H, W) or none; domain_mask u8 (output) or none: where
 * it is zero nothing is sampled, inside is 0 and warped the fill value; displacement (3, output) or
 * none; points (3, N) in output indices or none, which makes the output a list; warped ((C,)
 * output); inside u8 (output) or none. */
VK_API vk_status vk_warp3d_plan(vk_context* context, const vk_view* moving,
                                const vk_view* moving_mask, const vk_view* domain_mask,
                                const vk_view* displacement, const vk_view* points,
                                const vk_warp3d_params* params, const vk_view* warped,
                                const vk_view* inside, vk_plan* plan);
VK_API vk_status vk_warp3d(vk_context* context, const vk_plan* plan, const vk_view* moving,
                           const vk_view* moving_mask, const vk_view* domain_mask,
                           const vk_view* displacement, const vk_view* points,
                           const vk_warp3d_params* params, const vk_view* warped,
                           const vk_view* inside, const vk_view* workspace);

/** gradient[12] = dL/d(index_map), given upstream = dL/dwarped; mask u8 (output) or none. */
VK_API vk_status vk_warp3d_gradient_linear_plan(vk_context* context, const vk_view* moving,
                                                const vk_view* displacement, const vk_view* points,
                                                const vk_view* mask, const vk_view* upstream,
                                                const vk_warp3d_params* params, vk_plan* plan);
VK_API vk_status vk_warp3d_gradient_linear(vk_context* context, const vk_plan* plan,
                                           const vk_view* moving, const vk_view* displacement,
                                           const vk_view* points, const vk_view* mask,
                                           const vk_view* upstream, const vk_warp3d_params* params,
                                           const vk_view* workspace, double* gradient);

/** gradient (3, output) = dL/d(displacement), given upstream = dL/dwarped; mask u8 (output) or
 * none.
 */
VK_API vk_status vk_warp3d_gradient_field_plan(vk_context* context, const vk_view* moving,
                                               const vk_view* displacement, const vk_view* points,
                                               const vk_view* mask, const vk_view* upstream,
                                               const vk_warp3d_params* params,
                                               const vk_view* gradient, vk_plan* plan);
VK_API vk_status vk_warp3d_gradient_field(vk_context* context, const vk_plan* plan,
                                          const vk_view* moving, const vk_view* displacement,
                                          const vk_view* points, const vk_view* mask,
                                          const vk_view* upstream, const vk_warp3d_params* params,
                                          const vk_view* gradient, const vk_view* workspace);

/** gradient ((C,) D, H, W) = dL/d(moving), for cubic interpolation dL/d(coefficients): the adjoint
 * of the sampling. */
VK_API vk_status vk_warp3d_gradient_image_plan(vk_context* context, const vk_view* displacement,
                                               const vk_view* points, const vk_view* mask,
                                               const vk_view* upstream,
                                               const vk_warp3d_params* params,
                                               const vk_view* gradient, vk_plan* plan);
VK_API vk_status vk_warp3d_gradient_image(vk_context* context, const vk_plan* plan,
                                          const vk_view* displacement, const vk_view* points,
                                          const vk_view* mask, const vk_view* upstream,
                                          const vk_warp3d_params* params, const vk_view* gradient,
                                          const vk_view* workspace);

/* gaussian: separable Gaussian smoothing and decimation (kernels/gaussian/README.md) */
typedef enum vk_gaussian_border {
  /** The outermost voxels continue outside. */
  VK_GAUSSIAN_CLAMP = 0,
  /** Outside does not count: the weights inside sum to one. */
  VK_GAUSSIAN_RENORMALISED = 1,
  /** Outside is zero. */
  VK_GAUSSIAN_ZERO = 2
} vk_gaussian_border;

/** Arrays are in the order x, y, z. */
typedef struct vk_gaussian_params {
  uint32_t struct_size;
  vk_gaussian_border border;
  /** Standard deviation in input voxels; 0 does not smooth along the axis. */
  double sigma[3];
  /** Output voxel j of an axis sits at input index factor * j + offset. */
  double offset[3];
  int32_t factor[3];
} vk_gaussian_params;

VK_API vk_status vk_gaussian_plan(vk_context* context, const vk_view* image, const vk_view* mask,
                                  const vk_gaussian_params* params, const vk_view* smoothed,
                                  vk_plan* plan);
VK_API vk_status vk_gaussian(vk_context* context, const vk_plan* plan, const vk_view* image,
                             const vk_view* mask, const vk_gaussian_params* params,
                             const vk_view* workspace, const vk_view* smoothed);

/* image_gradient: finite differences in physical space (kernels/image_gradient/README.md) */
typedef struct vk_image_gradient_params {
  uint32_t struct_size;
  /** Row-major; gradient = map * differences in index space, both in the order x, y, z. */
  double gradient_map[9];
} vk_image_gradient_params;

VK_API vk_status vk_image_gradient_plan(vk_context* context, const vk_view* image,
                                        const vk_image_gradient_params* params,
                                        const vk_view* gradient, vk_plan* plan);
VK_API vk_status vk_image_gradient(vk_context* context, const vk_plan* plan, const vk_view* image,
                                   const vk_image_gradient_params* params, const vk_view* workspace,
                                   const vk_view* gradient);
/** The transpose: what a derivative by the gradient means for the image. */
VK_API vk_status vk_image_gradient_adjoint_plan(vk_context* context, const vk_view* gradient,
                                                const vk_image_gradient_params* params,
                                                const vk_view* image, vk_plan* plan);
VK_API vk_status vk_image_gradient_adjoint(vk_context* context, const vk_plan* plan,
                                           const vk_view* gradient,
                                           const vk_image_gradient_params* params,
                                           const vk_view* workspace, const vk_view* image);

/* mutual_information (kernels/mutual_information/README.md) */
typedef enum vk_mutual_information_measure {
  /** Mattes mutual information, in nats; larger is better. */
  VK_MATTES_MI = 0,
  /** Studholme's (H(fixed) + H(warped)) / H(fixed, warped), in [1, 2]; larger is better. */
  VK_NMI = 1
} vk_mutual_information_measure;

/** What becomes of a warped intensity outside [moving_min, moving_max]. */
typedef enum vk_outside_range {
  /** It counts as the nearer end, with zero gradient. */
  VK_OUTSIDE_RANGE_CLAMPED = 0,
  /** The voxel does not count, which is ITK's rule. */
  VK_OUTSIDE_RANGE_IGNORED = 1
} vk_outside_range;

typedef struct vk_mutual_information_params {
  uint32_t struct_size;
  vk_mutual_information_measure measure;
  /** Bins of either axis of the joint histogram, two of padding at each end included: 5 to 256. */
  int32_t bins;
  vk_outside_range outside_range;
  double fixed_min;
  double fixed_max;
  double moving_min;
  double moving_max;
} vk_mutual_information_params;

/** Optional outputs: gradient, dMeasure/dwarped, of the shape of warped; joint_histogram, f64
 * (bins, bins), rows fixed, sum 1. */
VK_API vk_status vk_mutual_information_plan(vk_context* context, const vk_view* fixed,
                                            const vk_view* warped, const vk_view* mask,
                                            const vk_mutual_information_params* params,
                                            const vk_view* gradient, const vk_view* joint_histogram,
                                            vk_plan* plan);
VK_API vk_status vk_mutual_information(vk_context* context, const vk_plan* plan,
                                       const vk_view* fixed, const vk_view* warped,
                                       const vk_view* mask,
                                       const vk_mutual_information_params* params,
                                       const vk_view* gradient, const vk_view* joint_histogram,
                                       const vk_view* workspace, double* value);

/* ncc: global normalised cross correlation (kernels/ncc/README.md) */
VK_API vk_status vk_ncc_plan(vk_context* context, const vk_view* fixed, const vk_view* warped,
                             const vk_view* mask, const vk_view* gradient, vk_plan* plan);
VK_API vk_status vk_ncc(vk_context* context, const vk_plan* plan, const vk_view* fixed,
                        const vk_view* warped, const vk_view* mask, const vk_view* gradient,
                        const vk_view* workspace, double* value);

/* lncc: local normalised cross correlation in box windows (kernels/lncc/README.md) */
typedef struct vk_lncc_params {
  uint32_t struct_size;
  /** Windows hold 2 radius + 1 voxels along x, y, z, less what lies outside. */
  int32_t radius[3];
  /** Added to a window's variance, as a share of the whole image's: 1e-5 unless there is reason. */
  double variance_floor;
} vk_lncc_params;

VK_API vk_status vk_lncc_plan(vk_context* context, const vk_view* fixed, const vk_view* warped,
                              const vk_view* mask, const vk_lncc_params* params,
                              const vk_view* gradient, vk_plan* plan);
VK_API vk_status vk_lncc(vk_context* context, const vk_plan* plan, const vk_view* fixed,
                         const vk_view* warped, const vk_view* mask, const vk_lncc_params* params,
                         const vk_view* gradient, const vk_view* workspace, double* value);

/* ffd: cubic B-spline free-form deformation (kernels/ffd/README.md) */

/** Where a control grid lies over a dense grid, x, y, z, in voxels of the dense grid. */
typedef struct vk_ffd_params {
  uint32_t struct_size;
  /** Index coordinate of control point 0. */
  double origin[3];
  /** Voxels per control interval. */
  double spacing[3];
} vk_ffd_params;

/** field (3,D,H,W) out of coefficients (3,cz,cy,cx). */
VK_API vk_status vk_ffd_plan(vk_context* context, const vk_view* coefficients,
                             const vk_ffd_params* params, const vk_view* field, vk_plan* plan);
VK_API vk_status vk_ffd(vk_context* context, const vk_plan* plan, const vk_view* coefficients,
                        const vk_ffd_params* params, const vk_view* field,
                        const vk_view* workspace);
/** dL/dcoefficients (written, not added) out of dL/dfield. */
VK_API vk_status vk_ffd_gradient_plan(vk_context* context, const vk_view* field_gradient,
                                      const vk_ffd_params* params,
                                      const vk_view* coefficient_gradient, vk_plan* plan);
VK_API vk_status vk_ffd_gradient(vk_context* context, const vk_plan* plan,
                                 const vk_view* field_gradient, const vk_ffd_params* params,
                                 const vk_view* coefficient_gradient, const vk_view* workspace);

typedef struct vk_ffd_bending_params {
  uint32_t struct_size;
  /** Spacing of the control points in mm, x, y, z. */
  double spacing_mm[3];
  double diffusion_weight;
  double bending_weight;
} vk_ffd_bending_params;

/** value = diffusion_weight * diffusion + bending_weight * bending, means over the covered domain;
 * gradient (optional, written) is dvalue/dcoefficients. */
VK_API vk_status vk_ffd_bending_plan(vk_context* context, const vk_view* coefficients,
                                     const vk_ffd_bending_params* params, const vk_view* gradient,
                                     vk_plan* plan);
VK_API vk_status vk_ffd_bending(vk_context* context, const vk_plan* plan,
                                const vk_view* coefficients, const vk_ffd_bending_params* params,
                                const vk_view* gradient, const vk_view* workspace, double* value);

typedef struct vk_ffd_refine_params {
  uint32_t struct_size;
  /** Which axes get half the spacing, x, y, z; non-zero means yes. */
  int32_t axes[3];
} vk_ffd_refine_params;

/** The same spline on a finer control grid: n points become 2 n - 3, the first of them half an
 * interval after the coarse grid's first. */
VK_API vk_status vk_ffd_refine_plan(vk_context* context, const vk_view* coefficients,
                                    const vk_ffd_refine_params* params, const vk_view* refined,
                                    vk_plan* plan);
VK_API vk_status vk_ffd_refine(vk_context* context, const vk_plan* plan,
                               const vk_view* coefficients, const vk_ffd_refine_params* params,
                               const vk_view* refined, const vk_view* workspace);

/* compose: the displacement of one mapping after another (kernels/compose/README.md) */

typedef struct vk_compose_params {
  uint32_t struct_size;
  /** VK_BORDER_CLAMP continues the first field, VK_BORDER_CONSTANT makes it zero outside. */
  vk_border border;
  /** Row-major 3 x 4: index in the first field's grid of an index in the second's. */
  double index_map[12];
  /** Row-major: index offsets in the first field's grid of displacements in mm. */
  double displacement_map[9];
} vk_compose_params;

/** composed(x) = second(x) + first(x + second(x)); first (3, D1, H1, W1) on its own grid, second
 * and composed (3, D, H, W). */
VK_API vk_status vk_compose_plan(vk_context* context, const vk_view* first, const vk_view* second,
                                 const vk_compose_params* params, const vk_view* composed,
                                 vk_plan* plan);
VK_API vk_status vk_compose(vk_context* context, const vk_plan* plan, const vk_view* first,
                            const vk_view* second, const vk_compose_params* params,
                            const vk_view* composed, const vk_view* workspace);

/* exponential: displacement of a stationary velocity field (kernels/exponential/README.md) */

typedef struct vk_exponential_params {
  uint32_t struct_size;
  /** Row-major: index offsets of displacements in mm. */
  double displacement_map[9];
  /** Squarings; negative chooses as many as bring the largest displacement to half a voxel (not for
   * the gradient, which must repeat what the exponential ran). */
  int32_t steps;
} vk_exponential_params;

/** velocity and displacement (3, D, H, W) in mm; steps (may be NULL) gets the squarings run. */
VK_API vk_status vk_exponential_plan(vk_context* context, const vk_view* velocity,
                                     const vk_exponential_params* params,
                                     const vk_view* displacement, vk_plan* plan);
VK_API vk_status vk_exponential(vk_context* context, const vk_plan* plan, const vk_view* velocity,
                                const vk_exponential_params* params, const vk_view* displacement,
                                const vk_view* workspace, int32_t* steps);
/** dL/dvelocity (written) out of dL/ddisplacement, through every squaring. */
VK_API vk_status vk_exponential_gradient_plan(vk_context* context, const vk_view* velocity,
                                              const vk_view* displacement_gradient,
                                              const vk_exponential_params* params,
                                              const vk_view* velocity_gradient, vk_plan* plan);
VK_API vk_status vk_exponential_gradient(vk_context* context, const vk_plan* plan,
                                         const vk_view* velocity,
                                         const vk_view* displacement_gradient,
                                         const vk_exponential_params* params,
                                         const vk_view* velocity_gradient,
                                         const vk_view* workspace);

/* invert: displacement of the inverse mapping (kernels/invert/README.md) */

typedef struct vk_invert_params {
  uint32_t struct_size;
  /** Row-major 3 x 4: index in the field's grid of an index in the inverse's. */
  double index_map[12];
  /** Row-major: index offsets in the field's grid of displacements in mm. */
  double displacement_map[9];
  int32_t iterations;
  double tolerance_mm;
} vk_invert_params;

/** Of |u(x + w(x)) + w(x)| over the voxels where it is a number. */
typedef struct vk_invert_report {
  double max_residual_mm;
  double mean_residual_mm;
  /** Voxels whose residual is above the tolerance, or no number. */
  int64_t unconverged;
} vk_invert_report;

/** displacement u (3, D1, H1, W1), inverse w (3, D, H, W) with w(x) = -u(x + w(x)); report may be
 * NULL. */
VK_API vk_status vk_invert_plan(vk_context* context, const vk_view* displacement,
                                const vk_invert_params* params, const vk_view* inverse,
                                vk_plan* plan);
VK_API vk_status vk_invert(vk_context* context, const vk_plan* plan, const vk_view* displacement,
                           const vk_invert_params* params, const vk_view* inverse,
                           const vk_view* workspace, vk_invert_report* report);

/* jacobian: determinant of the mapping x -> x + u(x) (kernels/jacobian/README.md) */

typedef struct vk_jacobian_params {
  uint32_t struct_size;
  /** Row-major; turns derivatives by index (x, y, z) into derivatives by physical position, mm. */
  double gradient_map[9];
} vk_jacobian_params;

/** Over the counted voxels. A determinant that is not a number counts as not positive and is left
 * out of the rest. */
typedef struct vk_jacobian_statistics {
  int64_t count;
  int64_t nonpositive;
  double minimum;
  double maximum;
  double mean;
  /** Standard deviation of log det over the positive ones. */
  double sd_log;
} vk_jacobian_statistics;

/** displacement (3, D, H, W) in mm; mask u8 (D, H, W) or none, which the statistics alone look at;
 * determinant (D, H, W) or none; statistics may be NULL if determinant is wanted. */
VK_API vk_status vk_jacobian_plan(vk_context* context, const vk_view* displacement,
                                  const vk_view* mask, const vk_jacobian_params* params,
                                  const vk_view* determinant, vk_plan* plan);
VK_API vk_status vk_jacobian(vk_context* context, const vk_plan* plan, const vk_view* displacement,
                             const vk_view* mask, const vk_jacobian_params* params,
                             const vk_view* determinant, const vk_view* workspace,
                             vk_jacobian_statistics* statistics);

typedef struct vk_jacobian_penalty_params {
  uint32_t struct_size;
  double gradient_map[9];
  /** Determinants below this are penalised. */
  double least_determinant;
} vk_jacobian_penalty_params;

/** value = mean over the counted voxels of max(0, least_determinant - det)^2; gradient (optional,
 * written) is dvalue/ddisplacement. */
VK_API vk_status vk_jacobian_penalty_plan(vk_context* context, const vk_view* displacement,
                                          const vk_view* mask,
                                          const vk_jacobian_penalty_params* params,
                                          const vk_view* gradient, vk_plan* plan);
VK_API vk_status vk_jacobian_penalty(vk_context* context, const vk_plan* plan,
                                     const vk_view* displacement, const vk_view* mask,
                                     const vk_jacobian_penalty_params* params,
                                     const vk_view* gradient, const vk_view* workspace,
                                     double* value);

/* bias_field: slow multiplicative change of brightness between aligned images
 * (kernels/bias_field/README.md) */

/** The field is a polynomial of u = scale position + offset along x, y, z, clamped to [-1, 1]. */
typedef struct vk_bias_field_params {
  uint32_t struct_size;
  /** Total degree, 1 to 5; (degree + 1)(degree + 2)(degree + 3) / 6 coefficients. */
  int32_t degree;
  double position_scale[3];
  double position_offset[3];
  /** Of the reference's intensities, for the fit: bins, and the range that they divide. */
  int32_t bins;
  int32_t iterations;
  double reference_min;
  double reference_max;
} vk_bias_field_params;

/** coefficients (terms) f64 of the field of `values` (N), whose reference intensities are
 * `reference` (N) and which lie at `positions` (3, N); mask u8 (N) or none. */
VK_API vk_status vk_bias_field_plan(vk_context* context, const vk_view* values,
                                    const vk_view* reference, const vk_view* positions,
                                    const vk_view* mask, const vk_bias_field_params* params,
                                    const vk_view* coefficients, vk_plan* plan);
VK_API vk_status vk_bias_field(vk_context* context, const vk_plan* plan, const vk_view* values,
                               const vk_view* reference, const vk_view* positions,
                               const vk_view* mask, const vk_bias_field_params* params,
                               const vk_view* coefficients, const vk_view* workspace);
/** corrected = image / field, positions being voxel indices; may be the image itself. */
VK_API vk_status vk_bias_field_correct_plan(vk_context* context, const vk_view* image,
                                            const vk_view* coefficients,
                                            const vk_bias_field_params* params,
                                            const vk_view* corrected, vk_plan* plan);
VK_API vk_status vk_bias_field_correct(vk_context* context, const vk_plan* plan,
                                       const vk_view* image, const vk_view* coefficients,
                                       const vk_bias_field_params* params, const vk_view* corrected,
                                       const vk_view* workspace);

#ifdef __cplusplus
}
#endif

#endif /* VOXKERN_REGISTRATION_H */
