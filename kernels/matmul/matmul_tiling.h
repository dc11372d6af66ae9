// How the CPU kernel cuts a product into tasks. Independent of the instruction set; the sum of an
// output has one order whatever the tasks are, as only the blocks of the depth cut it.
#pragma once

#include "matmul/matmul.h"

namespace vk {

/** A multiple of the columns that any instruction set computes together. */
constexpr int64_t kMatmulColumns = 48;
/** Most depth and columns of the block of b that a thread keeps in its second-level cache. */
constexpr int64_t kMatmulDepth = 256;
constexpr int64_t kMatmulBlockColumns = 12 * kMatmulColumns;
/** Most rows of a task. */
constexpr int64_t kMatmulRows = 768;
struct MatmulTiling {
  int64_t depthBlocks;
  /** Most of a task; columns are a multiple of kMatmulColumns. */
  int64_t rows;
  int64_t columns;
  int64_t batches;
  int64_t rowTasks;
  int64_t columnTasks;
  int64_t tasks;
  /** Of b, of one thread. */
  int64_t packedFloats;
};

MatmulTiling matmulTiling(const MatmulArgs&);

/** At least one, so that a product without depth still writes its output. */
inline int64_t matmulDepthBlocks(int64_t k) {
  return k <= kMatmulDepth ? 1 : chunkCount(k, kMatmulDepth);
}
inline int64_t matmulDepthBegin(int64_t k, int64_t block) {
  return block * k / matmulDepthBlocks(k);
}
inline int64_t matmulPaddedColumns(int64_t n) {
  return chunkCount(n, kMatmulColumns) * kMatmulColumns;
}

}  // namespace vk
