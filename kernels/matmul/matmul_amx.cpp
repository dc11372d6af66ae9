#include "matmul/matmul_amx.h"

#include <algorithm>

#include "conv3d/conv3d_bf16.h"
#include "core/scratch.h"

namespace vk {
namespace {

/** Depth of a block times its parts: 32 rows of it stay in the first-level cache. */
constexpr int64_t kDepthParts = 512;
/** Most rows and columns of a task: the columns of b stay in the second-level cache. */
constexpr int64_t kRows = 768;
constexpr int64_t kColumns = 512;

/** In blocks of 32, as even as they go. */
int64_t evenly(int64_t size, int64_t most) {
  const int64_t blocks = chunkCount(std::max<int64_t>(size, 1), kMatmulAmxBlock);
  return chunkCount(blocks, chunkCount(blocks * kMatmulAmxBlock, most)) * kMatmulAmxBlock;
}

/** Whether products and packing take less than multiply-adds of whole vectors; in cycles,
 * measured. */
bool pays(const MatmulArgs& args, int64_t parts) {
  const double m = double(args.m), n = double(args.n), k = double(args.k);
  const double products = double(roundUp(args.m, kMatmulAmxBlock)) *
                          double(roundUp(args.n, kMatmulAmxBlock)) *
                          double(roundUp(args.k, 2 * kMatmulAmxPairs)) * (parts == 1 ? 1 : 3) / 350;
  const double packing =
      0.5 * double(parts) * k *
      (m * double(chunkCount(args.n, kColumns)) + n * double(chunkCount(args.m, kRows)));
  return products + packing < m * n * k / 28;
}

template <int64_t kParts>
Refusal accepts(const MatmulArgs& args) {
  if (args.type != VK_F32) return "takes f32 only";
  if (args.accuracy < (kParts == 1 ? kConv3dBf16Error : kConv3dAmxSplitError)) {
    return "errs more than is accepted";
  }
  if (!pays(args, kParts)) return "takes longer here than it saves";
  // Last, because it asks the system.
  if (!conv3dAmxAvailable()) return "needs a processor with AMX for bfloat16";
  return {};
}

template <int64_t kParts>
int64_t workspaceBytes(const MatmulArgs& args) {
  const MatmulAmxTiling tiling(args, kParts);
  WorkspaceLayout layout(nullptr);
  layout.take<float>(std::min<int64_t>(args.threads, tiling.tasks) * tiling.scratchWords());
  return layout.bytes();
}

template <int64_t kParts>
int64_t packedBytes(const MatmulArgs& args) {
  return args.bMatrices * MatmulAmxTiling(args, kParts).packedWords(args) *
         static_cast<int64_t>(sizeof(float));
}

}  // namespace

MatmulAmxTiling::MatmulAmxTiling(const MatmulArgs& args, int64_t count)
    : parts(count),
      depth(std::min(roundUp(std::max<int64_t>(args.k, 1), 2 * kMatmulAmxPairs),
                     kDepthParts / count)),
      rows(evenly(args.m, kRows)),
      columns(evenly(args.n, kColumns)) {
  const int64_t batches = matmulBatches(args);
  const int64_t wanted = 2 * int64_t{args.threads};
  while (batches * chunkCount(args.m, rows) * chunkCount(args.n, columns) < wanted &&
         std::max(rows, columns) > 2 * kMatmulAmxBlock) {
    int64_t& larger = columns > rows ? columns : rows;
    larger = evenly(larger, chunkCount(larger / kMatmulAmxBlock, 2) * kMatmulAmxBlock);
  }
  rowTasks = chunkCount(args.m, rows);
  columnTasks = chunkCount(args.n, columns);
  tasks = batches * rowTasks * columnTasks;
}

extern const SimdTable<Kernel<MatmulArgs>> matmulAmxCpuTable, matmulAmxPackCpuTable,
    matmulAmxSplitCpuTable, matmulAmxSplitPackCpuTable;

AmxImplementationOf<MatmulArgs> matmulAmxImplementation(int64_t parts) {
  if (parts == 1) {
    return {accepts<1>, workspaceBytes<1>, packedBytes<1>, &matmulAmxCpuTable,
            &matmulAmxPackCpuTable};
  }
  return {accepts<2>, workspaceBytes<2>, packedBytes<2>, &matmulAmxSplitCpuTable,
          &matmulAmxSplitPackCpuTable};
}

}  // namespace vk
