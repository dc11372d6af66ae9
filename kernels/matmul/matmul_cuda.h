// The product of matrices on a device, for kernels that are made of products.
#pragma once

#include "core/context.h"
#include "matmul/matmul.h"

namespace vk::cuda {

/** What the operation `matmul` does. Its sums are those of shapes alone: a plain product of the
 * same numbers has the same bits wherever it is called. */
void multiply(const MatmulArgs& args, Context& context, const Workspace& workspace);
int64_t multiplyBytes(const MatmulArgs& args);

/** The same by tensor cores, in bfloat16 and in tf32, with as many bytes. */
Refusal multiplyBf16Accepts(const MatmulArgs& args);
void multiplyBf16(const MatmulArgs& args, Context& context, const Workspace& workspace);
Refusal multiplyTf32Accepts(const MatmulArgs& args);
void multiplyTf32(const MatmulArgs& args, Context& context, const Workspace& workspace);

/** Row-major operands without batch axes: a (m, k) and b (k, n), or transposed. Pointers are set by
 * who calls. */
inline MatmulArgs plainProduct(vk_element_type type, int64_t m, int64_t n, int64_t k,
                               bool transposeA, bool transposeB) {
  MatmulArgs args{};
  args.type = type;
  args.m = m;
  args.n = n;
  args.k = k;
  args.aRow = transposeA ? 1 : k;
  args.aDepth = transposeA ? m : 1;
  args.bDepth = transposeB ? 1 : n;
  args.bColumn = transposeB ? k : 1;
  args.alpha = 1;
  args.bMatrices = 1;
  return args;
}

}  // namespace vk::cuda
