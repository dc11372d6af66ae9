/* Voxkern C ABI.
 *
 * One small, stable surface between the kernels and whoever drives them: Java through JavaCPP
 * today, anything that can call C tomorrow. No C++ type, no ownership of tensor memory and no
 * exception crosses it.
 *
 * Conventions
 *  - Every function that can fail returns a vk_status; vk_last_error() holds the message of this
 * thread's last failure.
 *  - Tensors are passed as vk_view: the caller owns the memory and keeps it alive until the call
 * has returned.
 *  - An operation has two phases. `vk_<op>_plan` checks the arguments, chooses an implementation (a
 * pure function of shapes, types and instruction set) and says how much workspace it wants;
 * `vk_<op>` runs it and allocates nothing.
 *  - Images are (depth, height, width), x fastest. Index-space points are (x, y, z) in voxels,
 * voxel centres at integers.
 *  - An optional view is passed with data == NULL.
 */
#ifndef VOXKERN_H
#define VOXKERN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define VK_API __attribute__((visibility("default")))
#else
#define VK_API
#endif

/** Bumped whenever a struct or a signature below changes; the binding refuses another number. */
#define VK_ABI_VERSION 1

/* ----------------------------------------------------------------------------------------------
 * statuses */

typedef enum vk_status {
  VK_OK = 0,
  VK_INVALID_ARGUMENT = 1,
  VK_UNSUPPORTED = 2,
  VK_OUT_OF_MEMORY = 3,
  VK_DEVICE_FAULT = 4,
  VK_CANCELLED = 5,
  VK_INTERNAL_ERROR = 6
} vk_status;

/* ----------------------------------------------------------------------------------------------
 * views */

typedef enum vk_element_type {
  VK_BOOL = 0,
  VK_I8 = 1,
  VK_U8 = 2,
  VK_I16 = 3,
  VK_U16 = 4,
  VK_I32 = 5,
  VK_U32 = 6,
  VK_I64 = 7,
  VK_U64 = 8,
  VK_BF16 = 9,
  VK_F16 = 10,
  VK_F32 = 11,
  VK_F64 = 12
} vk_element_type;

typedef enum vk_layout {
  VK_LAYOUT_PLAIN = 0,
  VK_LAYOUT_BLOCKED_8 = 1,
  VK_LAYOUT_BLOCKED_16 = 2
} vk_layout;

typedef enum vk_device { VK_DEVICE_HOST = 0, VK_DEVICE_CUDA = 1 } vk_device;

#define VK_MAX_RANK 8

/** A non-owning description of a tensor. Strides count elements, not bytes. */
typedef struct vk_view {
  void* data;
  vk_device device;
  int32_t device_index;
  vk_element_type type;
  vk_layout layout;
  int32_t rank;
  int64_t sizes[VK_MAX_RANK];
  int64_t strides[VK_MAX_RANK];
} vk_view;

/* ----------------------------------------------------------------------------------------------
 * contexts */

typedef enum vk_backend {
  VK_BACKEND_AUTO = 0,
  VK_BACKEND_REFERENCE = 1,
  VK_BACKEND_CPU = 2,
  VK_BACKEND_CUDA = 3,
  VK_BACKEND_CUDA_EMULATED = 4
} vk_backend;

/** Instruction-set families the CPU kernels are compiled for, slowest first. */
typedef enum vk_isa {
  VK_ISA_AUTO = 0,
  VK_ISA_PORTABLE = 1,
  VK_ISA_NEON = 2,
  VK_ISA_AVX2 = 3,
  VK_ISA_AVX512 = 4
} vk_isa;

typedef struct vk_context_options {
  uint32_t struct_size;
  vk_backend backend;
  /** The best instruction set the context may use; AUTO takes the best this processor has. */
  vk_isa isa;
  /** Worker threads, the caller included; 0 takes every core the process may use. */
  int32_t threads;
  /** Bytes vk_allocate may hand out in all; 0 takes 80 % of what the machine or its cgroup has. */
  int64_t memory_limit;
} vk_context_options;

typedef struct vk_context vk_context;

VK_API uint32_t vk_abi_version(void);
VK_API const char* vk_version(void);

/** Message of the last failure on the calling thread; never NULL. */
VK_API const char* vk_last_error(void);

VK_API vk_status vk_context_create(const vk_context_options* options, vk_context** context);
/** Frees the context and every allocation still held by it. */
VK_API void vk_context_destroy(vk_context* context);

VK_API vk_backend vk_context_backend(const vk_context* context);
VK_API vk_isa vk_context_isa(const vk_context* context);
VK_API int32_t vk_context_threads(const vk_context* context);

/** 64-byte aligned host memory out of the context's budget. A freed block is kept for reuse. */
VK_API vk_status vk_allocate(vk_context* context, int64_t bytes, void** memory);
VK_API void vk_free(vk_context* context, void* memory);
/** Gives every cached block back to the operating system. */
VK_API void vk_trim(vk_context* context);

typedef struct vk_memory_report {
  int64_t budget;
  int64_t in_use;
  int64_t cached;
  int64_t high_water;
} vk_memory_report;
VK_API void vk_memory(const vk_context* context, vk_memory_report* report);

/** Asks running and later calls on this context to return VK_CANCELLED until it is cleared.
 * Callable from any thread. */
VK_API void vk_cancel(vk_context* context, int32_t cancelled);
VK_API int32_t vk_is_cancelled(const vk_context* context);

/** Best instruction set of this processor, whatever a context may be limited to. */
VK_API vk_isa vk_processor_isa(void);

/* ----------------------------------------------------------------------------------------------
 * plans */

/** What the first phase of an operation decided. Plain data: copy it, keep it, throw it away. */
typedef struct vk_plan {
  uint32_t struct_size;
  int32_t implementation;
  int64_t workspace_bytes;
  int64_t packed_bytes;
} vk_plan;

/* ----------------------------------------------------------------------------------------------
 * registry */

VK_API int32_t vk_operation_count(void);
VK_API const char* vk_operation_name(int32_t operation);
VK_API int32_t vk_implementation_count(int32_t operation);
/** Name of an implementation: the backend, and for `cpu` the instruction set, e.g. "cpu-avx512". */
VK_API const char* vk_implementation_name(int32_t operation, int32_t implementation);

/* ----------------------------------------------------------------------------------------------
 * operations */

/** Which part of a call's outputs are wanted is said by which output views have data. */

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

/* convert: element types, with scale and offset (kernels/convert/README.md) */
VK_API vk_status vk_convert_plan(vk_context* context, const vk_view* input, double scale,
                                 double offset, const vk_view* output, vk_plan* plan);
VK_API vk_status vk_convert(vk_context* context, const vk_plan* plan, const vk_view* input,
                            double scale, double offset, const vk_view* workspace,
                            const vk_view* output);

/* statistics: range, moments and centre of mass (kernels/statistics/README.md) */
typedef struct vk_statistics_values {
  /** Voxels that count and are finite; everything below but the next two is about those. */
  int64_t count;
  int64_t nan_count;
  int64_t infinite_count;
  double minimum;
  double maximum;
  double mean;
  double variance;
  /** Sum of the weights, max(0, value - floor). */
  double weight;
  /** Weighted mean position, x, y, z in voxels. */
  double center[3];
  /** Weighted second moments about it: xx, xy, xz, yy, yz, zz in voxels squared. */
  double second_moment[6];
} vk_statistics_values;

/** `weight_floor` NaN takes the least counted value. */
VK_API vk_status vk_statistics_plan(vk_context* context, const vk_view* image, const vk_view* mask,
                                    double weight_floor, vk_plan* plan);
VK_API vk_status vk_statistics(vk_context* context, const vk_plan* plan, const vk_view* image,
                               const vk_view* mask, double weight_floor, const vk_view* workspace,
                               vk_statistics_values* values);

/* histogram: voxels a bin of intensity (kernels/histogram/README.md). counts is i64 (bins + 2):
 * below the range, in each bin, above the range. */
VK_API vk_status vk_histogram_plan(vk_context* context, const vk_view* image, const vk_view* mask,
                                   double low, double high, const vk_view* counts, vk_plan* plan);
VK_API vk_status vk_histogram(vk_context* context, const vk_plan* plan, const vk_view* image,
                              const vk_view* mask, double low, double high,
                              const vk_view* workspace, const vk_view* counts);

/* label_overlap: voxels of each label in two label maps (kernels/label_overlap/README.md) */
typedef struct vk_label_overlap_rest {
  /** Labels of either map that lie outside the range asked for. */
  int64_t outside;
  /** Values of either map that are no whole numbers. */
  int64_t not_whole;
} vk_label_overlap_rest;

/** counts is i64 (3, labels): voxels with label first_label + i in a, in b, in both. */
VK_API vk_status vk_label_overlap_plan(vk_context* context, const vk_view* a, const vk_view* b,
                                       int64_t first_label, const vk_view* counts, vk_plan* plan);
VK_API vk_status vk_label_overlap(vk_context* context, const vk_plan* plan, const vk_view* a,
                                  const vk_view* b, int64_t first_label, const vk_view* workspace,
                                  const vk_view* counts, vk_label_overlap_rest* rest);

/* conv3d: convolution as networks have it, NCDHW (kernels/conv3d/README.md) */
typedef enum vk_activation {
  VK_ACTIVATION_NONE = 0,
  VK_ACTIVATION_RELU = 1,
  /** negative_slope x below zero. */
  VK_ACTIVATION_LEAKY_RELU = 2
} vk_activation;

/** Axes are z, y, x: the order of a tensor's sizes. */
typedef struct vk_conv3d_params {
  uint32_t struct_size;
  vk_activation activation;
  double negative_slope;
  int64_t groups;
  int64_t kernel[3];
  int64_t stride[3];
  int64_t dilation[3];
  int64_t padding_begin[3];
  int64_t padding_end[3];
} vk_conv3d_params;

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

#ifdef __cplusplus
}
#endif

#endif /* VOXKERN_H */
