// Products in the processor's matrix unit (AMX): 16 rows by 16 columns by 32 of the depth an
// instruction, summed in f32. Values are rounded to bfloat16 once, or are the sum of two parts, of
// whose products all but that of the low ones count. For callers who accept the error.
#pragma once

#include "conv3d/conv3d_amx.h"
#include "core/parallel.h"
#include "matmul/matmul.h"

namespace vk {

/** Rows, and columns, that are summed together: two matrices of a by two of b. */
constexpr int64_t kMatmulAmxBlock = 32;
/** Depth of a matrix, in pairs. */
constexpr int64_t kMatmulAmxPairs = 16;

/** How a product is cut into tasks, and what lies in scratch memory. No sum depends on the tasks. A
 * block of the depth of b is [32 columns][32 of the depth][part][matrix][pair][column], of a the
 * same with rows, and row before pair. */
struct MatmulAmxTiling {
  int64_t parts;
  /** Most depth of a block, most rows and columns of a task. */
  int64_t depth;
  int64_t rows;
  int64_t columns;
  int64_t rowTasks;
  int64_t columnTasks;
  int64_t tasks;

  MatmulAmxTiling(const MatmulArgs& args, int64_t parts);
  /** Words, a pair each, of 32 rows or columns. */
  int64_t blockWords(int64_t ofDepth) const {
    return chunkCount(ofDepth, 2 * kMatmulAmxPairs) * parts * kMatmulAmxPairs * kMatmulAmxBlock;
  }
  /** Of a thread: 32 rows of a, and the columns of b. */
  int64_t scratchWords() const { return blockWords(depth) * (1 + columns / kMatmulAmxBlock); }
  /** Of a packed matrix. */
  int64_t packedWords(const MatmulArgs& args) const {
    return blockWords(args.k) * chunkCount(args.n, kMatmulAmxBlock);
  }
};

constexpr const char* kMatmulAmxNames[2] = {"cpu-amx-bf16", "cpu-amx-bf16x3"};
AmxImplementationOf<MatmulArgs> matmulAmxImplementation(int64_t parts);

}  // namespace vk
