#pragma once

#include "registry/registry.h"
#include "voxkern/matmul.h"

namespace vk {

/** One product of matrices, or a batch of them. Strides are in elements, so a transposed operand is
 * one whose strides are exchanged, and a broadcast axis one of stride 0. */
struct MatmulArgs {
  vk_element_type type;
  int64_t m;
  int64_t n;
  int64_t k;
  /** Leading axes of the output that are left after those that can be counted as rows. */
  int32_t batchAxes;
  int64_t batchSize[VK_MAX_RANK];
  int64_t aBatch[VK_MAX_RANK];
  int64_t bBatch[VK_MAX_RANK];
  int64_t cBatch[VK_MAX_RANK];
  int64_t aRow;
  int64_t aDepth;
  int64_t bDepth;
  int64_t bColumn;
  int64_t cRow;
  int64_t cColumn;
  double alpha;
  double beta;
  vk_activation activation;
  double negativeSlope;
  /** Error that is accepted, relative in the Frobenius norm; 0 where nobody says. */
  double accuracy;
  const void* a;
  const void* b;
  /** Null for none. */
  const void* c;
  void* output;
  /** Matrices that b holds. */
  int64_t bMatrices;
  /** Written by packing; null where b itself is read. */
  void* packed;
  int32_t threads;
  /** Number of the CUDA device, where it is one that multiplies. */
  int32_t device;
};

int64_t matmulBatches(const MatmulArgs&);

/** Where the operands of one product of the batch begin, in elements. */
struct MatmulOffsets {
  int64_t a;
  int64_t b;
  int64_t c;
  int64_t output;
};
MatmulOffsets matmulOffsets(const MatmulArgs&, int64_t batch);

/** Row-major operands without batch axes, for kernels that are made of products: a (m, k) and b
 * (k, n), or transposed. */
MatmulArgs plainMatmul(int64_t m, int64_t n, int64_t k, const float* a, bool transposeA,
                       const float* b, bool transposeB, float* output, int32_t threads);

void matmulReference(const MatmulArgs&, Context&, const Workspace&);
void matmulPackReference(const MatmulArgs&, Context&, const Workspace&);

extern const SimdTable<Kernel<MatmulArgs>> matmulCpuTable;
extern const SimdTable<Kernel<MatmulArgs>> matmulPackCpuTable;
int64_t matmulCpuWorkspaceBytes(const MatmulArgs&);
/** The same for every instruction set. */
int64_t matmulPackedBytes(const MatmulArgs&);

}  // namespace vk
