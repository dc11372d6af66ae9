#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "dropout/dropout_cpu.cpp"
#include "core/simd_begin.h"
#include "core/row_pieces.h"
#include "core/simd_math.h"
#include "dropout/dropout.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace {

constexpr int64_t kChunk = 65536;
/** Blocks of four draws that are made together. */
constexpr int64_t kBlocks = 256;

struct Blocks {
  uint32_t word[4][kBlocks];
};

/** Philox 4x32 of ten rounds, of `kBlocks` counters from one on: a plain loop that the compiler
 * makes vectors of. Words lie in 64 bits, as their products need them. */
HWY_ATTR void philox(const DropoutArgs& args, uint64_t first, Blocks& blocks) {
  constexpr uint64_t kLow = 0xFFFFFFFFu;
  for (int64_t i = 0; i < kBlocks; ++i) {
    const uint64_t block = first + static_cast<uint64_t>(i);
    uint64_t c0 = block & kLow;
    uint64_t c1 = block >> 32;
    uint64_t c2 = args.sequence & kLow;
    uint64_t c3 = args.sequence >> 32;
    uint64_t key0 = args.seed & kLow;
    uint64_t key1 = args.seed >> 32;
#pragma GCC unroll 10
    for (int round = 0; round < 10; ++round) {
      const uint64_t a = 0xD2511F53u * c0;
      const uint64_t b = 0xCD9E8D57u * c2;
      c0 = (b >> 32) ^ c1 ^ key0;
      c1 = b & kLow;
      c2 = (a >> 32) ^ c3 ^ key1;
      c3 = a & kLow;
      key0 = (key0 + 0x9E3779B9u) & kLow;
      key1 = (key1 + 0xBB67AE85u) & kLow;
    }
    blocks.word[0][i] = static_cast<uint32_t>(c0);
    blocks.word[1][i] = static_cast<uint32_t>(c1);
    blocks.word[2][i] = static_cast<uint32_t>(c2);
    blocks.word[3][i] = static_cast<uint32_t>(c3);
  }
}

/** The mask of draws [begin, end); begin is a multiple of 4. */
HWY_ATTR void drawMask(const DropoutArgs& args, Range range) {
  Blocks blocks;
  // The four bytes of a block; all are 0 where the threshold is beyond every draw.
  uint8_t stays[4 * kBlocks];
  const bool none = args.threshold > 0xFFFFFFFFu;
  const uint32_t threshold = none ? 0 : static_cast<uint32_t>(args.threshold);
  const uint32_t kept = none ? 0 : 1;
  for (int64_t first = range.begin; first < range.end; first += 4 * kBlocks) {
    philox(args, static_cast<uint64_t>(first) / 4, blocks);
    for (int64_t i = 0; i < kBlocks; ++i) {
      // Bytes of a little-endian word, as on every architecture that this is built for.
      const uint32_t word = (blocks.word[0][i] >= threshold ? kept : 0u) |
                            (blocks.word[1][i] >= threshold ? kept << 8 : 0u) |
                            (blocks.word[2][i] >= threshold ? kept << 16 : 0u) |
                            (blocks.word[3][i] >= threshold ? kept << 24 : 0u);
      __builtin_memcpy(stays + 4 * i, &word, 4);
    }
    const int64_t rest = range.end - first;
    __builtin_memcpy(args.mask + first, stays,
                     static_cast<size_t>(rest < 4 * kBlocks ? rest : 4 * kBlocks));
  }
}

HWY_ATTR void applyMask(const DropoutArgs& args, Range range) {
  const hn::ScalableTag<float> d;
  const hn::Rebind<uint8_t, decltype(d)> d8;
  const hn::Rebind<int32_t, decltype(d)> d32;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const float* const x = static_cast<const float*>(args.input);
  float* const y = static_cast<float*>(args.output);
  const float factor = float(args.scale);
  const auto scale = hn::Set(d, factor);
  int64_t i = range.begin;
  for (; i + lanes <= range.end; i += lanes) {
    const auto stays =
        hn::RebindMask(d, hn::Ne(hn::PromoteTo(d32, hn::LoadU(d8, args.mask + i)), hn::Zero(d32)));
    hn::StoreU(hn::IfThenElseZero(stays, hn::Mul(hn::LoadU(d, x + i), scale)), d, y + i);
  }
  for (; i < range.end; ++i) y[i] = args.mask[i] != 0 ? x[i] * factor : 0.0f;
}

HWY_ATTR void applyToRows(const DropoutArgs& args, Context& context) {
  const RowPieces pieces(args.draws, args.length);
  parallelFor(context, pieces.tasks(), [&](int64_t task) HWY_ATTR {
    pieces.forEach(task, [&](const RowPiece& piece) HWY_ATTR {
      const hn::ScalableTag<float> d;
      const float* const x = static_cast<const float*>(args.input) + piece.offset;
      float* const y = static_cast<float*>(args.output) + piece.offset;
      const bool stays = args.mask[piece.row] != 0;
      const auto scale = hn::Set(d, float(args.scale));
      forEachVector(d, piece.count, [&](int64_t i, auto vector) HWY_ATTR {
        vector.store(stays ? hn::Mul(vector.load(x + i), scale) : hn::Zero(d), y + i);
      });
    });
  });
}

}  // namespace

void dropoutCpu(const DropoutArgs& args, Context& context, const Workspace&) {
  const bool rows = args.length != 1;
  parallelFor(context, chunkCount(args.draws, kChunk), [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(args.draws, kChunk, chunk);
    drawMask(args, range);
    if (!rows) applyMask(args, range);
  });
  if (rows) applyToRows(args, context);
}

void dropoutGradientCpu(const DropoutArgs& args, Context& context, const Workspace&) {
  if (args.length != 1) return applyToRows(args, context);
  parallelFor(context, chunkCount(args.draws, kChunk), [&](int64_t chunk) HWY_ATTR {
    applyMask(args, chunkRange(args.draws, kChunk, chunk));
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(dropoutCpu);
VK_SIMD_TABLE(dropoutGradientCpu);

}  // namespace vk
#endif
