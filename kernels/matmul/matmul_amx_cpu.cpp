#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "matmul/matmul_amx_cpu.cpp"
#include "core/simd_begin.h"
#include "conv3d/conv3d_amx-inl.h"
#include "conv3d/conv3d_amx_band-inl.h"
#include "conv3d/conv3d_pairs-inl.h"
#include "core/scratch.h"
#include "matmul/matmul_amx.h"
#include "matmul/matmul_block-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_AVX3

constexpr int64_t kBlock = kMatmulAmxBlock;
constexpr int64_t kStep = 2 * kMatmulAmxPairs;

/** Matrices of a 4 and 5 by those of b 6 and 7. */
#define VK_AMX_TWO_BY_TWO  \
  _tile_dpbf16ps(0, 4, 6); \
  _tile_dpbf16ps(1, 4, 7); \
  _tile_dpbf16ps(2, 5, 6); \
  _tile_dpbf16ps(3, 5, 7)
#define VK_AMX_LOAD(first, second, from) \
  _tile_loadd(first, from, 64);          \
  _tile_loadd(second, (from) + kMatrix, 64)

/** 32 rows by 32 columns over `steps` times 32 of the depth. */
template <int64_t kParts>
VK_AMX_ATTR HWY_NOINLINE void sumBlock(const float* a, const float* b, int64_t steps, float* sums) {
  asm volatile("" ::: "memory");
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (int64_t i = 0; i < steps; ++i) {
    if constexpr (kParts == 2) {
      VK_AMX_LOAD(4, 5, a + 2 * kMatrix);
      VK_AMX_LOAD(6, 7, b);
      VK_AMX_TWO_BY_TWO;
      VK_AMX_LOAD(4, 5, a);
      VK_AMX_TWO_BY_TWO;
      VK_AMX_LOAD(6, 7, b + 2 * kMatrix);
      VK_AMX_TWO_BY_TWO;
    } else {
      VK_AMX_LOAD(4, 5, a);
      VK_AMX_LOAD(6, 7, b);
      VK_AMX_TWO_BY_TWO;
    }
    a += kParts * 2 * kMatrix;
    b += kParts * 2 * kMatrix;
  }
  constexpr int64_t kRowBytes = kBlock * static_cast<int64_t>(sizeof(float));
  _tile_stored(0, sums, kRowBytes);
  _tile_stored(1, sums + 16, kRowBytes);
  _tile_stored(2, sums + 16 * kBlock, kRowBytes);
  _tile_stored(3, sums + 16 * kBlock + 16, kRowBytes);
}

#undef VK_AMX_LOAD
#undef VK_AMX_TWO_BY_TWO

HWY_ATTR inline __mmask16 lanesBelow(int64_t count) {
  return count >= 16 ? 0xFFFF : static_cast<__mmask16>(count > 0 ? (1u << count) - 1 : 0);
}

/** Up to 16 lines (rows of a or columns of b) by up to 32 of the depth as a matrix of each part, 2
 * kMatrix apart: [line][pair], or [pair][line] with `pairsFirst`. With kAlongDepth the values of a
 * line are neighbours, otherwise the lines are. */
template <int64_t kParts, bool kAlongDepth>
VK_BF16_ATTR void packMatrix(const float* from, int64_t stride, int64_t lines, int64_t depth,
                             bool pairsFirst, float* to) {
  const __mmask16 low = lanesBelow(kAlongDepth ? depth : lines);
  const __mmask16 high = lanesBelow(kAlongDepth ? depth - 16 : lines);
  __m512 words[kParts][16];
#pragma GCC unroll 16
  for (int64_t i = 0; i < 16; ++i) {
    const float* const at = from + (kAlongDepth ? i : 2 * i) * stride;
    const __mmask16 some = (kAlongDepth ? i < lines : 2 * i < depth) ? low : 0;
    const __mmask16 others = (kAlongDepth ? i < lines : 2 * i + 1 < depth) ? high : 0;
    __m512 first = _mm512_maskz_loadu_ps(some, at);
    __m512 second = _mm512_maskz_loadu_ps(others, at + (kAlongDepth ? 16 : stride));
#pragma GCC unroll 2
    for (int64_t part = 0; part < kParts; ++part) {
      words[part][i] = _mm512_castsi512_ps(kAlongDepth ? (__m512i)_mm512_cvtne2ps_pbh(second, first)
                                                       : pairsOf(first, second));
      if (part + 1 == kParts) break;
      first = restOf(first);
      second = restOf(second);
    }
  }
  for (int64_t part = 0; part < kParts; ++part, to += 2 * kMatrix) {
    if (kAlongDepth == pairsFirst) transpose(words[part]);
#pragma GCC unroll 16
    for (int64_t i = 0; i < 16; ++i) _mm512_storeu_ps(to + i * 16, words[part][i]);
  }
}

/** Up to 32 lines by a block of the depth. */
template <int64_t kParts>
HWY_ATTR void packLines(const float* from, int64_t lineStride, int64_t depthStride, int64_t lines,
                        int64_t depth, bool pairsFirst, float* to) {
  for (int64_t i = 0; i < depth; i += kStep, to += kParts * 2 * kMatrix) {
    const int64_t deep = depth - i < kStep ? depth - i : kStep;
    const float* at = from + i * depthStride;
    const auto pack = depthStride == 1 ? packMatrix<kParts, true> : packMatrix<kParts, false>;
    const int64_t stride = depthStride == 1 ? lineStride : depthStride;
    pack(at, stride, lines < 16 ? lines : 16, deep, pairsFirst, to);
    if (lines > 16) at += 16 * lineStride;
    pack(at, stride, lines > 16 ? lines - 16 : 0, deep, pairsFirst, to + kMatrix);
  }
}

template <int64_t kParts>
HWY_ATTR void packColumns(const MatmulArgs& args, const MatmulAmxTiling& tiling, const float* b,
                          Range columns, int64_t begin, int64_t depth, float* to) {
  for (int64_t column = columns.begin; column < columns.end; column += kBlock) {
    const int64_t count = columns.end - column < kBlock ? columns.end - column : kBlock;
    packLines<kParts>(b + begin * args.bDepth + column * args.bColumn, args.bColumn, args.bDepth,
                      count, depth, true, to);
    to += tiling.blockWords(depth);
  }
}

template <int64_t kParts>
VK_AMX_ATTR void multiplyPart(const MatmulArgs& args, const MatmulAmxTiling& tiling, int64_t batch,
                              Range rows, Range columns, float* scratch) {
  alignas(64) float sums[kBlock * kBlock];
  const MatmulOffsets offsets = matmulOffsets(args, batch);
  float* const output = static_cast<float*>(args.output) + offsets.output;
  float* const packedA = scratch;
  float* const packedB = scratch + tiling.blockWords(tiling.depth);
  const AmxShapes shapes;
  _tile_loadconfig(&shapes);
  for (int64_t begin = 0; begin < args.k; begin += tiling.depth) {
    const int64_t depth = args.k - begin < tiling.depth ? args.k - begin : tiling.depth;
    const int64_t words = tiling.blockWords(depth);
    const float* b = packedB;
    if (args.packed != nullptr) {
      b = static_cast<const float*>(args.packed) +
          offsets.b / (args.k * args.n) * tiling.packedWords(args) +
          tiling.blockWords(begin) * chunkCount(args.n, kBlock) + columns.begin / kBlock * words;
    } else {
      packColumns<kParts>(args, tiling, static_cast<const float*>(args.b) + offsets.b, columns,
                          begin, depth, packedB);
    }
    MatmulFinish finish = finishOf(args, offsets.c);
    finish.accumulates = begin > 0;
    if (begin > 0) finish.c = nullptr;
    if (begin + depth < args.k) finish.activation = VK_ACTIVATION_NONE;
    for (int64_t row = rows.begin; row < rows.end; row += kBlock) {
      const int64_t rowCount = rows.end - row < kBlock ? rows.end - row : kBlock;
      packLines<kParts>(
          static_cast<const float*>(args.a) + offsets.a + row * args.aRow + begin * args.aDepth,
          args.aRow, args.aDepth, rowCount, depth, false, packedA);
      for (int64_t column = columns.begin; column < columns.end; column += kBlock) {
        const int64_t count = columns.end - column < kBlock ? columns.end - column : kBlock;
        sumBlock<kParts>(packedA, b + (column - columns.begin) / kBlock * words,
                         chunkCount(depth, kStep), sums);
        MatmulFinish here = finish;
        if (here.c != nullptr) here.c += row * args.cRow + column * args.cColumn;
        finishTile(sums, kBlock, rowCount, count, here, output + row * args.n + column, args.n);
      }
    }
  }
  _tile_release();
}

template <int64_t kParts>
HWY_ATTR void multiply(const MatmulArgs& args, Context& context, const Workspace& workspace) {
  const MatmulAmxTiling tiling(args, kParts);
  if (tiling.tasks == 0) return;
  const int64_t slotCount = args.threads < tiling.tasks ? args.threads : tiling.tasks;
  float* const scratch =
      WorkspaceLayout(workspace.data).take<float>(slotCount * tiling.scratchWords());
  ScratchSlots slots(static_cast<int32_t>(slotCount));
  const int64_t parts = tiling.rowTasks * tiling.columnTasks;
  parallelFor(context, tiling.tasks, [&](int64_t index) HWY_ATTR {
    const int32_t slot = slots.acquire();
    multiplyPart<kParts>(args, tiling, index / parts,
                         chunkRange(args.m, tiling.rows, index % parts / tiling.columnTasks),
                         chunkRange(args.n, tiling.columns, index % tiling.columnTasks),
                         scratch + slot * tiling.scratchWords());
    slots.release(slot);
  });
}

/** Matrix by matrix, block by block of the depth. */
template <int64_t kParts>
HWY_ATTR void packAll(const MatmulArgs& args, Context& context) {
  const MatmulAmxTiling tiling(args, kParts);
  if (args.bMatrices == 0 || args.k == 0 || args.n == 0) return;
  const int64_t blocks = chunkCount(args.k, tiling.depth);
  parallelFor(context, args.bMatrices * blocks, [&](int64_t index) HWY_ATTR {
    const int64_t matrix = index / blocks;
    const Range range = chunkRange(args.k, tiling.depth, index % blocks);
    packColumns<kParts>(args, tiling, static_cast<const float*>(args.b) + matrix * args.k * args.n,
                        {0, args.n}, range.begin, range.end - range.begin,
                        static_cast<float*>(args.packed) + matrix * tiling.packedWords(args) +
                            tiling.blockWords(range.begin) * chunkCount(args.n, kBlock));
  });
}

HWY_ATTR void matmulAmxCpu(const MatmulArgs& args, Context& context, const Workspace& workspace) {
  multiply<1>(args, context, workspace);
}
HWY_ATTR void matmulAmxSplitCpu(const MatmulArgs& args, Context& context,
                                const Workspace& workspace) {
  multiply<2>(args, context, workspace);
}
HWY_ATTR void matmulAmxPackCpu(const MatmulArgs& args, Context& context, const Workspace&) {
  packAll<1>(args, context);
}
HWY_ATTR void matmulAmxSplitPackCpu(const MatmulArgs& args, Context& context, const Workspace&) {
  packAll<2>(args, context);
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

#if HWY_ARCH_X86
#define VK_AMX_TABLE(name)                                                                   \
  extern const SimdTable<Kernel<MatmulArgs>> name##CpuTable;                                 \
  const SimdTable<Kernel<MatmulArgs>> name##CpuTable = {N_AVX3::name##Cpu, nullptr, nullptr, \
                                                        nullptr}
#else
#define VK_AMX_TABLE(name)                                   \
  extern const SimdTable<Kernel<MatmulArgs>> name##CpuTable; \
  const SimdTable<Kernel<MatmulArgs>> name##CpuTable = {}
#endif
VK_AMX_TABLE(matmulAmx);
VK_AMX_TABLE(matmulAmxPack);
VK_AMX_TABLE(matmulAmxSplit);
VK_AMX_TABLE(matmulAmxSplitPack);
#undef VK_AMX_TABLE

}  // namespace vk
#endif
