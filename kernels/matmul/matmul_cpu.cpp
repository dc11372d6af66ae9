#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "matmul/matmul_cpu.cpp"
#include "core/simd_begin.h"
#include "core/scratch.h"
#include "matmul/matmul_block-inl.h"
#include "matmul/matmul_few-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** Packs the columns [begin, end) of a block of the depth, tile by tile. */
HWY_ATTR void packColumns(const MatmulArgs& args, const float* b, int64_t begin, int64_t end,
                          int64_t depthBegin, int64_t depth, float* to) {
  const int64_t each = tileColumns();
  for (int64_t column = begin; column < end; column += each) {
    const int64_t count = column + each <= end ? each : end - column;
    packPanel(b + depthBegin * args.bDepth + column * args.bColumn, args.bColumn, args.bDepth,
              count, depth, to + (column - begin) * depth, each);
  }
}

/** One task of one product of the batch. */
struct Part {
  int64_t rowBegin;
  int64_t rowEnd;
  int64_t columnBegin;
  int64_t columnEnd;
};

/** Rows by the part's columns, for a block of the depth. */
HWY_ATTR void multiplyBlock(const MatmulArgs& args, const float* a, int64_t rows, int64_t columns,
                            int64_t depth, const float* packedB, const MatmulFinish& finish,
                            float* output) {
  const int64_t each = tileColumns();
  const int64_t lanes = each / kTileVectors;
  // Where few columns use a row, copying it would cost as much.
  const bool packs = columns > 2 * each;
  HWY_ALIGN float packedA[kTileRows * kMatmulDepth];
  HWY_ALIGN float sums[kTileRows * kTileVectors * hn::MaxLanes(hn::ScalableTag<float>())];
  for (int64_t row = 0; row < rows; row += kTileRows) {
    const int64_t count = rows - row < kTileRows ? rows - row : kTileRows;
    const float* tileA = a + row * args.aRow;
    if (packs) {
      packPanel(tileA, args.aRow, args.aDepth, count, depth, packedA, count);
      tileA = packedA;
    }
    for (int64_t column = 0; column < columns; column += each) {
      const int64_t left = columns - column < each ? columns - column : each;
      const int64_t vectors = chunkCount(left, lanes);
      for (int64_t r = 0; r < count; ++r) {
        for (int64_t i = 0; i < left; i += 16) {
          __builtin_prefetch(output + (row + r) * args.n + column + i, 1);
        }
      }
      sumProductsOf(count, vectors)(tileA, packs ? 1 : args.aRow, packs ? count : args.aDepth,
                                    packedB + column * depth, each, depth, sums);
      MatmulFinish here = finish;
      if (here.c != nullptr) here.c += row * args.cRow + column * args.cColumn;
      finishTile(sums, vectors * lanes, count, left, here, output + row * args.n + column, args.n);
    }
  }
}

HWY_ATTR void multiplyPart(const MatmulArgs& args, int64_t batch, const Part& part,
                           float* packedB) {
  const MatmulOffsets offsets = matmulOffsets(args, batch);
  const float* const a = static_cast<const float*>(args.a) + offsets.a;
  float* const output = static_cast<float*>(args.output) + offsets.output;
  const int64_t blocks = matmulDepthBlocks(args.k);
  for (int64_t block = 0; block < blocks; ++block) {
    const int64_t begin = matmulDepthBegin(args.k, block);
    const int64_t depth = matmulDepthBegin(args.k, block + 1) - begin;
    const float* columns = packedB;
    if (args.packed != nullptr) {
      const int64_t matrix = args.k > 0 ? offsets.b / (args.k * args.n) : 0;
      const int64_t padded = matmulPaddedColumns(args.n);
      columns = static_cast<const float*>(args.packed) + (matrix * args.k + begin) * padded +
                part.columnBegin * depth;
    } else {
      packColumns(args, static_cast<const float*>(args.b) + offsets.b, part.columnBegin,
                  part.columnEnd, begin, depth, packedB);
    }
    MatmulFinish finish = finishOf(args, offsets.c);
    finish.accumulates = block > 0;
    if (block > 0) finish.c = nullptr;
    if (block + 1 < blocks) finish.activation = VK_ACTIVATION_NONE;
    if (finish.c != nullptr) {
      finish.c += part.rowBegin * args.cRow + part.columnBegin * args.cColumn;
    }
    multiplyBlock(args, a + part.rowBegin * args.aRow + begin * args.aDepth,
                  part.rowEnd - part.rowBegin, part.columnEnd - part.columnBegin, depth, columns,
                  finish, output + part.rowBegin * args.n + part.columnBegin);
  }
}

HWY_ATTR void matmulFew(const MatmulArgs& args, Context& context) {
  const FewProduct product = fewProduct(args);
  const int64_t batches = matmulBatches(args);
  const int64_t wanted = chunkCount(product.many, 4 * int64_t{args.threads});
  int64_t each = chunkCount(wanted, 64) * 64;
  if (each > kFewColumns) each = kFewColumns;
  const int64_t chunks = chunkCount(product.many, each);
  parallelFor(context, batches * chunks, [&](int64_t index) HWY_ATTR {
    const MatmulOffsets offsets = matmulOffsets(args, index / chunks);
    const Range range = chunkRange(product.many, each, index % chunks);
    fewLines(args, product, offsets, finishOf(args, offsets.c), range.begin,
             range.end - range.begin);
  });
}

HWY_ATTR void matmulCpu(const MatmulArgs& args, Context& context, const Workspace& workspace) {
  const MatmulTiling tiling = matmulTiling(args);
  if (tiling.tasks == 0) return;
  if (isFew(args)) {
    matmulFew(args, context);
    return;
  }
  const int64_t slotCount = args.threads < tiling.tasks ? args.threads : tiling.tasks;
  WorkspaceLayout layout(workspace.data);
  float* const scratch = layout.take<float>(slotCount * tiling.packedFloats);
  ScratchSlots slots(static_cast<int32_t>(slotCount));
  const int64_t batches = matmulBatches(args);
  const int64_t parts = tiling.rowTasks * tiling.columnTasks;
  parallelFor(context, tiling.tasks, [&](int64_t index) HWY_ATTR {
    const int32_t slot = slots.acquire();
    const int64_t part = index % parts;
    const Range rows = chunkRange(args.m, tiling.rows, part / tiling.columnTasks);
    const Range columns = chunkRange(args.n, tiling.columns, part % tiling.columnTasks);
    const Range range = chunkRange(batches, tiling.batches, index / parts);
    for (int64_t batch = range.begin; batch < range.end; ++batch) {
      multiplyPart(args, batch, Part{rows.begin, rows.end, columns.begin, columns.end},
                   scratch + slot * tiling.packedFloats);
    }
    slots.release(slot);
  });
}

/** Matrix by matrix, block by block of the depth, tile by tile: [depth][column of the tile]. */
HWY_ATTR void matmulPackCpu(const MatmulArgs& args, Context& context, const Workspace&) {
  const int64_t padded = matmulPaddedColumns(args.n);
  const int64_t blocks = matmulDepthBlocks(args.k);
  if (args.bMatrices == 0 || args.k == 0 || args.n == 0) return;
  parallelFor(context, args.bMatrices * blocks, [&](int64_t index) HWY_ATTR {
    const int64_t matrix = index / blocks;
    const int64_t begin = matmulDepthBegin(args.k, index % blocks);
    const int64_t depth = matmulDepthBegin(args.k, index % blocks + 1) - begin;
    float* const to = static_cast<float*>(args.packed) + (matrix * args.k + begin) * padded;
    packColumns(args, static_cast<const float*>(args.b) + matrix * args.k * args.n, 0, args.n,
                begin, depth, to);
    // Padding up to a whole number of tiles of any instruction set.
    const int64_t written = chunkCount(args.n, tileColumns()) * tileColumns();
    for (int64_t i = written * depth; i < padded * depth; ++i) to[i] = 0.0f;
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(matmulCpu);
VK_SIMD_TABLE(matmulPackCpu);

}  // namespace vk
#endif
