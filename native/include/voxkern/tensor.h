/* Element by element, reductions and moving data: what networks do between their layers. */
#ifndef VOXKERN_TENSOR_H
#define VOXKERN_TENSOR_H

#include "voxkern/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* unary: a function of each element (kernels/unary/README.md) */
typedef enum vk_unary_function {
  VK_UNARY_NEGATE = 0,
  VK_UNARY_ABSOLUTE = 1,
  VK_UNARY_SIGN = 2,
  VK_UNARY_FLOOR = 3,
  VK_UNARY_CEIL = 4,
  /** To the nearest whole number, halves to the even one. */
  VK_UNARY_ROUND = 5,
  VK_UNARY_SQRT = 6,
  VK_UNARY_RECIPROCAL_SQRT = 7,
  VK_UNARY_RECIPROCAL = 8,
  VK_UNARY_EXP = 9,
  VK_UNARY_EXPM1 = 10,
  VK_UNARY_LOG = 11,
  VK_UNARY_LOG1P = 12,
  VK_UNARY_ERF = 13,
  VK_UNARY_SIN = 14,
  VK_UNARY_COS = 15,
  VK_UNARY_TAN = 16,
  VK_UNARY_ASIN = 17,
  VK_UNARY_ACOS = 18,
  VK_UNARY_ATAN = 19,
  VK_UNARY_SINH = 20,
  VK_UNARY_COSH = 21,
  VK_UNARY_ASINH = 22,
  VK_UNARY_ACOSH = 23,
  VK_UNARY_ATANH = 24,
  /** Into [low, high]. */
  VK_UNARY_CLIP = 25,
  /** These three write bool. */
  VK_UNARY_NOT = 26,
  VK_UNARY_IS_NAN = 27,
  VK_UNARY_IS_INF = 28
} vk_unary_function;

typedef struct vk_unary_params {
  uint32_t struct_size;
  vk_unary_function function;
  /** Of the clip; others do not look at them. */
  double low;
  double high;
} vk_unary_params;

VK_API vk_status vk_unary_plan(vk_context* context, const vk_view* input,
                               const vk_unary_params* params, const vk_view* output, vk_plan* plan);
VK_API vk_status vk_unary(vk_context* context, const vk_plan* plan, const vk_view* input,
                          const vk_unary_params* params, const vk_view* workspace,
                          const vk_view* output);
VK_API vk_status vk_unary_gradient_plan(vk_context* context, const vk_view* input,
                                        const vk_view* output_gradient,
                                        const vk_unary_params* params,
                                        const vk_view* input_gradient, vk_plan* plan);
VK_API vk_status vk_unary_gradient(vk_context* context, const vk_plan* plan, const vk_view* input,
                                   const vk_view* output_gradient, const vk_unary_params* params,
                                   const vk_view* workspace, const vk_view* input_gradient);

/* binary: a function of two tensors that broadcast (kernels/binary/README.md) */
typedef enum vk_binary_function {
  VK_BINARY_ADD = 0,
  VK_BINARY_SUBTRACT = 1,
  VK_BINARY_MULTIPLY = 2,
  VK_BINARY_DIVIDE = 3,
  VK_BINARY_POWER = 4,
  VK_BINARY_MIN = 5,
  VK_BINARY_MAX = 6,
  /** The remainder with the divisor's sign. */
  VK_BINARY_MOD = 7,
  /** The remainder with the dividend's sign. */
  VK_BINARY_FMOD = 8,
  /** condition ? a : b, the only one with a condition. */
  VK_BINARY_WHERE = 9,
  /** The others write bool. */
  VK_BINARY_EQUAL = 10,
  VK_BINARY_NOT_EQUAL = 11,
  VK_BINARY_LESS = 12,
  VK_BINARY_LESS_OR_EQUAL = 13,
  VK_BINARY_GREATER = 14,
  VK_BINARY_GREATER_OR_EQUAL = 15,
  VK_BINARY_AND = 16,
  VK_BINARY_OR = 17,
  VK_BINARY_XOR = 18
} vk_binary_function;

/** `condition` (bool) is given for VK_BINARY_WHERE only. */
VK_API vk_status vk_binary_plan(vk_context* context, vk_binary_function function,
                                const vk_view* condition, const vk_view* a, const vk_view* b,
                                const vk_view* output, vk_plan* plan);
VK_API vk_status vk_binary(vk_context* context, const vk_plan* plan, vk_binary_function function,
                           const vk_view* condition, const vk_view* a, const vk_view* b,
                           const vk_view* workspace, const vk_view* output);
/** Either of the two gradients may be left out. They have the shapes of a and b. */
VK_API vk_status vk_binary_gradient_plan(vk_context* context, vk_binary_function function,
                                         const vk_view* condition, const vk_view* a,
                                         const vk_view* b, const vk_view* output_gradient,
                                         const vk_view* a_gradient, const vk_view* b_gradient,
                                         vk_plan* plan);
VK_API vk_status vk_binary_gradient(vk_context* context, const vk_plan* plan,
                                    vk_binary_function function, const vk_view* condition,
                                    const vk_view* a, const vk_view* b,
                                    const vk_view* output_gradient, const vk_view* workspace,
                                    const vk_view* a_gradient, const vk_view* b_gradient);

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

/* arg_reduce: where the greatest or the least lies along an axis (kernels/arg_reduce/README.md).
 * `output` is i64, with the axis at size 1 or without it. */
VK_API vk_status vk_arg_reduce_plan(vk_context* context, const vk_view* input, int32_t axis,
                                    int32_t largest, int32_t select_last, const vk_view* output,
                                    vk_plan* plan);
VK_API vk_status vk_arg_reduce(vk_context* context, const vk_plan* plan, const vk_view* input,
                               int32_t axis, int32_t largest, int32_t select_last,
                               const vk_view* workspace, const vk_view* output);

/* top_k: the k greatest or least along an axis, best first (kernels/top_k/README.md). `values` and
 * `indices` (i64) have size k along it. */
VK_API vk_status vk_top_k_plan(vk_context* context, const vk_view* input, int32_t axis,
                               int32_t largest, const vk_view* values, const vk_view* indices,
                               vk_plan* plan);
VK_API vk_status vk_top_k(vk_context* context, const vk_plan* plan, const vk_view* input,
                          int32_t axis, int32_t largest, const vk_view* workspace,
                          const vk_view* values, const vk_view* indices);

/* copy_strided: from one strided view to another of the same sizes
 * (kernels/copy_strided/README.md). `data` is the element at 0; strides may be 0 in the input and
 * negative in both. */
VK_API vk_status vk_copy_strided_plan(vk_context* context, const vk_view* input,
                                      const vk_view* output, vk_plan* plan);
VK_API vk_status vk_copy_strided(vk_context* context, const vk_plan* plan, const vk_view* input,
                                 const vk_view* workspace, const vk_view* output);

/* pad: more, or fewer, elements at the ends of axes (kernels/pad/README.md) */
typedef enum vk_pad_mode {
  VK_PAD_CONSTANT = 0,
  /** The last element again. */
  VK_PAD_EDGE = 1,
  /** Mirrored about the last element. */
  VK_PAD_REFLECT = 2,
  /** Mirrored about the border behind the last element. */
  VK_PAD_SYMMETRIC = 3,
  /** From the other end. */
  VK_PAD_WRAP = 4
} vk_pad_mode;

typedef struct vk_pad_params {
  uint32_t struct_size;
  vk_pad_mode mode;
  /** Elements before the first and after the last along each axis; negative ones are cut off. */
  int64_t begin[VK_MAX_RANK];
  int64_t end[VK_MAX_RANK];
  /** Of the constant mode: the bits of an element, in the low bytes. */
  uint64_t fill_bits;
} vk_pad_params;

VK_API vk_status vk_pad_plan(vk_context* context, const vk_view* input, const vk_pad_params* params,
                             const vk_view* output, vk_plan* plan);
VK_API vk_status vk_pad(vk_context* context, const vk_plan* plan, const vk_view* input,
                        const vk_pad_params* params, const vk_view* workspace,
                        const vk_view* output);
VK_API vk_status vk_pad_gradient_plan(vk_context* context, const vk_view* output_gradient,
                                      const vk_pad_params* params, const vk_view* input_gradient,
                                      vk_plan* plan);
VK_API vk_status vk_pad_gradient(vk_context* context, const vk_plan* plan,
                                 const vk_view* output_gradient, const vk_pad_params* params,
                                 const vk_view* workspace, const vk_view* input_gradient);

/* gather: elements that indices name (kernels/gather/README.md); scatter: its counterpart
 * (kernels/scatter/README.md) */
typedef enum vk_index_kind {
  /** Each index names a whole slice along the axis. */
  VK_INDEX_SLICES = 0,
  /** Each index replaces one element's position along the axis. */
  VK_INDEX_ELEMENTS = 1,
  /** The last axis of the indices has positions along the axes that follow `axis` leading axes,
   * which data and indices share. */
  VK_INDEX_TUPLES = 2
} vk_index_kind;

typedef enum vk_scatter_mode {
  /** The last one stays. */
  VK_SCATTER_REPLACE = 0,
  VK_SCATTER_ADD = 1,
  VK_SCATTER_MULTIPLY = 2,
  VK_SCATTER_MIN = 3,
  VK_SCATTER_MAX = 4
} vk_scatter_mode;

/** Indices are i32 or i64; negative ones count from the end. */
VK_API vk_status vk_gather_plan(vk_context* context, const vk_view* data, const vk_view* indices,
                                vk_index_kind kind, int32_t axis, const vk_view* output,
                                vk_plan* plan);
VK_API vk_status vk_gather(vk_context* context, const vk_plan* plan, const vk_view* data,
                           const vk_view* indices, vk_index_kind kind, int32_t axis,
                           const vk_view* workspace, const vk_view* output);
/** `output` is `data`, or zeros without it, with the updates at what a gather of the same indices
 * reads. */
VK_API vk_status vk_scatter_plan(vk_context* context, const vk_view* data, const vk_view* indices,
                                 const vk_view* updates, vk_index_kind kind, int32_t axis,
                                 vk_scatter_mode mode, const vk_view* output, vk_plan* plan);
VK_API vk_status vk_scatter(vk_context* context, const vk_plan* plan, const vk_view* data,
                            const vk_view* indices, const vk_view* updates, vk_index_kind kind,
                            int32_t axis, vk_scatter_mode mode, const vk_view* workspace,
                            const vk_view* output);

/* cumsum: sums of all elements up to each along an axis (kernels/cumsum/README.md). Not 0:
 * `exclusive` leaves the element itself out, `reverse` sums from the other end. */
VK_API vk_status vk_cumsum_plan(vk_context* context, const vk_view* input, int32_t axis,
                                int32_t exclusive, int32_t reverse, const vk_view* output,
                                vk_plan* plan);
VK_API vk_status vk_cumsum(vk_context* context, const vk_plan* plan, const vk_view* input,
                           int32_t axis, int32_t exclusive, int32_t reverse,
                           const vk_view* workspace, const vk_view* output);

/* one_hot: one element on along a new axis (kernels/one_hot/README.md). `axis` is one of the
 * output's; on_bits and off_bits: the bits of an element, in the low bytes. */
VK_API vk_status vk_one_hot_plan(vk_context* context, const vk_view* indices, int32_t axis,
                                 uint64_t on_bits, uint64_t off_bits, const vk_view* output,
                                 vk_plan* plan);
VK_API vk_status vk_one_hot(vk_context* context, const vk_plan* plan, const vk_view* indices,
                            int32_t axis, uint64_t on_bits, uint64_t off_bits,
                            const vk_view* workspace, const vk_view* output);

/* non_zero: where elements are not 0 (kernels/non_zero/README.md). First how many, then `indices`
 * (i64, rank of the input by count). */
VK_API vk_status vk_non_zero_count_plan(vk_context* context, const vk_view* input, vk_plan* plan);
VK_API vk_status vk_non_zero_count(vk_context* context, const vk_plan* plan, const vk_view* input,
                                   const vk_view* workspace, int64_t* count);
VK_API vk_status vk_non_zero_plan(vk_context* context, const vk_view* input, const vk_view* indices,
                                  vk_plan* plan);
VK_API vk_status vk_non_zero(vk_context* context, const vk_plan* plan, const vk_view* input,
                             const vk_view* workspace, const vk_view* indices);

/* trilu: a triangle of each matrix of the last two axes, the rest 0 (kernels/trilu/README.md). The
 * diagonal lies `diagonal` columns to the right of the main one and belongs to both triangles. */
VK_API vk_status vk_trilu_plan(vk_context* context, const vk_view* input, int32_t upper,
                               int64_t diagonal, const vk_view* output, vk_plan* plan);
VK_API vk_status vk_trilu(vk_context* context, const vk_plan* plan, const vk_view* input,
                          int32_t upper, int64_t diagonal, const vk_view* workspace,
                          const vk_view* output);

#ifdef __cplusplus
}
#endif

#endif /* VOXKERN_TENSOR_H */
