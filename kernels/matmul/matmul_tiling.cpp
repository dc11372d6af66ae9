#include "matmul/matmul_tiling.h"

#include <algorithm>

#include "core/scratch.h"

namespace vk {
namespace {

/** Multiply-adds below which another task is not worth its start. */
constexpr int64_t kLeastWork = 1 << 19;

int64_t evenly(int64_t size, int64_t most) {
  return size == 0 ? 1 : chunkCount(size, chunkCount(size, most));
}

}  // namespace

int64_t matmulBatches(const MatmulArgs& args) {
  int64_t batches = 1;
  for (int32_t axis = 0; axis < args.batchAxes; ++axis) batches *= args.batchSize[axis];
  return batches;
}

MatmulOffsets matmulOffsets(const MatmulArgs& args, int64_t batch) {
  MatmulOffsets offsets{0, 0, 0, batch * args.m * args.n};
  for (int32_t axis = args.batchAxes - 1; axis >= 0; --axis) {
    const int64_t at = batch % args.batchSize[axis];
    batch /= args.batchSize[axis];
    offsets.a += at * args.aBatch[axis];
    offsets.b += at * args.bBatch[axis];
    offsets.c += at * args.cBatch[axis];
  }
  return offsets;
}

MatmulArgs plainMatmul(int64_t m, int64_t n, int64_t k, const float* a, bool transposeA,
                       const float* b, bool transposeB, float* output, int32_t threads) {
  MatmulArgs args{};
  args.type = VK_F32;
  args.m = m;
  args.n = n;
  args.k = k;
  args.aRow = transposeA ? 1 : k;
  args.aDepth = transposeA ? m : 1;
  args.bDepth = transposeB ? 1 : n;
  args.bColumn = transposeB ? k : 1;
  args.alpha = 1;
  args.a = a;
  args.b = b;
  args.output = output;
  args.bMatrices = 1;
  args.threads = threads;
  return args;
}

MatmulTiling matmulTiling(const MatmulArgs& args) {
  MatmulTiling tiling{};
  tiling.depthBlocks = matmulDepthBlocks(args.k);
  const int64_t batches = matmulBatches(args);
  if (batches == 0 || args.m == 0 || args.n == 0) return tiling;
  const int64_t padded = matmulPaddedColumns(args.n);
  tiling.columns =
      evenly(padded / kMatmulColumns, kMatmulBlockColumns / kMatmulColumns) * kMatmulColumns;
  tiling.rows = evenly(args.m, kMatmulRows);
  const int64_t wanted = 2 * int64_t{args.threads};
  while (batches * chunkCount(args.m, tiling.rows) * chunkCount(padded, tiling.columns) < wanted &&
         tiling.rows * tiling.columns * args.k >= 2 * kLeastWork) {
    // Packing costs as much as a task's rows and columns together.
    if (tiling.columns > tiling.rows && tiling.columns > kMatmulColumns) {
      tiling.columns = chunkCount(tiling.columns / kMatmulColumns, 2) * kMatmulColumns;
    } else if (tiling.rows > 16) {
      tiling.rows = chunkCount(chunkCount(tiling.rows, 2), 8) * 8;
    } else {
      break;
    }
  }
  tiling.rowTasks = chunkCount(args.m, tiling.rows);
  tiling.columnTasks = chunkCount(padded, tiling.columns);
  // Small products together.
  const int64_t work = std::max<int64_t>(1, args.m * args.n * std::max<int64_t>(1, args.k));
  tiling.batches =
      std::clamp<int64_t>(kLeastWork / work, 1, std::max<int64_t>(1, batches / wanted));
  if (tiling.rowTasks * tiling.columnTasks > 1) tiling.batches = 1;
  tiling.tasks = chunkCount(batches, tiling.batches) * tiling.rowTasks * tiling.columnTasks;
  tiling.packedFloats = tiling.columns * chunkCount(args.k, tiling.depthBlocks);
  return tiling;
}

int64_t matmulCpuWorkspaceBytes(const MatmulArgs& args) {
  const MatmulTiling tiling = matmulTiling(args);
  const int64_t slots = std::min<int64_t>(args.threads, tiling.tasks);
  if (slots == 0) return 0;
  WorkspaceLayout layout(nullptr);
  layout.take<float>(slots * tiling.packedFloats);
  return layout.bytes();
}

int64_t matmulPackedBytes(const MatmulArgs& args) {
  return args.bMatrices * args.k * matmulPaddedColumns(args.n) * elementSize(args.type);
}

}  // namespace vk
