/* Matrix products: the dense layers of networks. */
#ifndef VOXKERN_MATMUL_H
#define VOXKERN_MATMUL_H

#include "voxkern/base.h"
#include "voxkern/convolution.h"

#ifdef __cplusplus
extern "C" {
#endif

/* matmul: batched products of matrices with bias and activation (kernels/matmul/README.md) */
typedef struct vk_matmul_params {
  uint32_t struct_size;
  /** Not zero: a is (..., K, M). */
  int32_t transpose_a;
  /** Not zero: b is (..., N, K). */
  int32_t transpose_b;
  vk_activation activation;
  double negative_slope;
  double alpha;
  double beta;
  /** Error that the caller accepts, relative in the Frobenius norm, of values that are spread
   * evenly over [-1, 1]; 0 for that of sums in the operands' type. From 5e-6 on a processor with
   * AMX may multiply values in two parts of bfloat16, from 1e-2 on rounded ones; a GPU from 1e-3 on
   * in tf32, from 1e-2 on in bfloat16. */
  double accuracy;
} vk_matmul_params;

/** output = activation(alpha a b + beta c). a (..., M, K), b (..., K, N) or transposed, output
 * (..., M, N), whose leading axes are those of a and b broadcast to each other; c is none or
 * broadcast to output, and may be output itself. The plan says packed_bytes, for who multiplies by
 * the same b more than once: then the caller keeps a tensor of b's element type that large. */
VK_API vk_status vk_matmul_plan(vk_context* context, const vk_view* a, const vk_view* b,
                                const vk_view* c, const vk_matmul_params* params,
                                const vk_view* output, vk_plan* plan);
/** Brings b in the order in which the planned implementation reads it. The same packed values serve
 * every plan of that implementation. */
VK_API vk_status vk_matmul_pack(vk_context* context, const vk_plan* plan, const vk_view* b,
                                const vk_matmul_params* params, const vk_view* packed);
/** `packed` may be none; where it is given, only the shape of b is looked at. */
VK_API vk_status vk_matmul(vk_context* context, const vk_plan* plan, const vk_view* a,
                           const vk_view* b, const vk_view* packed, const vk_view* c,
                           const vk_matmul_params* params, const vk_view* workspace,
                           const vk_view* output);

#ifdef __cplusplus
}
#endif

#endif /* VOXKERN_MATMUL_H */
