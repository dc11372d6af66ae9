// Sums of matrices of bfloat16: a block of voxels by output channels, and the weights as it reads
// them. Included after core/simd_begin.h, once an instruction set.
#include "conv3d/conv3d_amx-inl.h"
#include "conv3d/conv3d_amx_band-inl.h"

#if defined(VK_CONV3D_AMX_SUMS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_CONV3D_AMX_SUMS_INL_H
#undef VK_CONV3D_AMX_SUMS_INL_H
#else
#define VK_CONV3D_AMX_SUMS_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_AVX3

/** What a block sums: the outputs of 2 matrices of voxels by 2 of weights, or of 4 by 1. */
struct AmxBlock {
  /** Of each matrix of voxels, where tap 0 would read at offset 0. */
  const float* voxels[4];
  /** From a voxel to the next. */
  int64_t voxelBytes;
  /** From a part of a block of pairs to the next. */
  int64_t partWords;
  /** Blocks of pairs to sum, and whether they are the first ones: else they are added. */
  int64_t pairBlocks;
  bool first;
  const int64_t* taps;
  int64_t tapCount;
  /** [block of pairs][tap][part][matrix] */
  const float* weights;
  /** Lines of the next plane to fetch with a tap: many at once would hold up the products. */
  int64_t fetchEach;
};

// The instructions name their registers, so each is written out. They tell the compiler nothing
// about the memory that they read. 0 to 3 are sums, 4 and 5 weights, 6 and 7 voxels. With two parts
// the product of the second ones is left out: it is less than what rounding them has left.

VK_AMX_ATTR inline void beginSums(const AmxBlock& block, const float* sums) {
  asm volatile("" ::: "memory");
  if (block.first) {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  } else {
    _tile_loadd(0, sums, 64);
    _tile_loadd(1, sums + kMatrix, 64);
    _tile_loadd(2, sums + 2 * kMatrix, 64);
    _tile_loadd(3, sums + 3 * kMatrix, 64);
  }
}

/** Matrices of voxels 6 and 7 by those of weights 4 and 5. */
#define VK_AMX_TWO_BY_TWO  \
  _tile_dpbf16ps(0, 6, 4); \
  _tile_dpbf16ps(1, 6, 5); \
  _tile_dpbf16ps(2, 7, 4); \
  _tile_dpbf16ps(3, 7, 5)

template <int64_t kParts>
VK_AMX_ATTR HWY_NOINLINE void sumTwoByTwo(const AmxBlock& block, AmxBand<kParts>& band,
                                          float* sums) {
  beginSums(block, sums);
  const float* weights = block.weights;
  for (int64_t k = 0; k < block.pairBlocks; ++k) {
    const float* const first = block.voxels[0] + k * kParts * block.partWords;
    const float* const second = block.voxels[1] + k * kParts * block.partWords;
    for (int64_t t = 0; t < block.tapCount; ++t, weights += kParts * 2 * kMatrix) {
      band.fetch(block.fetchEach);
      const int64_t tap = block.taps[t];
      if constexpr (kParts == 2) {
        _tile_loadd(4, weights + 2 * kMatrix, 64);
        _tile_loadd(6, first + tap, block.voxelBytes);
        _tile_loadd(5, weights + 3 * kMatrix, 64);
        _tile_loadd(7, second + tap, block.voxelBytes);
        VK_AMX_TWO_BY_TWO;
        _tile_loadd(4, weights, 64);
        _tile_loadd(5, weights + kMatrix, 64);
        VK_AMX_TWO_BY_TWO;
        _tile_loadd(6, first + block.partWords + tap, block.voxelBytes);
        _tile_loadd(7, second + block.partWords + tap, block.voxelBytes);
        VK_AMX_TWO_BY_TWO;
      } else {
        _tile_loadd(4, weights, 64);
        _tile_loadd(6, first + tap, block.voxelBytes);
        _tile_loadd(5, weights + kMatrix, 64);
        _tile_loadd(7, second + tap, block.voxelBytes);
        VK_AMX_TWO_BY_TWO;
      }
    }
  }
  _tile_stored(0, sums, 64);
  _tile_stored(1, sums + kMatrix, 64);
  _tile_stored(2, sums + 2 * kMatrix, 64);
  _tile_stored(3, sums + 3 * kMatrix, 64);
}

#undef VK_AMX_TWO_BY_TWO

/** Four matrices of voxels, `offset` from where they begin, by the one of weights in WEIGHTS. */
#define VK_AMX_FOUR_BY_ONE(OFFSET, WEIGHTS)                     \
  _tile_loadd(6, block.voxels[0] + (OFFSET), block.voxelBytes); \
  _tile_loadd(7, block.voxels[1] + (OFFSET), block.voxelBytes); \
  _tile_dpbf16ps(0, 6, WEIGHTS);                                \
  _tile_dpbf16ps(1, 7, WEIGHTS);                                \
  _tile_loadd(6, block.voxels[2] + (OFFSET), block.voxelBytes); \
  _tile_loadd(7, block.voxels[3] + (OFFSET), block.voxelBytes); \
  _tile_dpbf16ps(2, 6, WEIGHTS);                                \
  _tile_dpbf16ps(3, 7, WEIGHTS)

template <int64_t kParts>
VK_AMX_ATTR HWY_NOINLINE void sumFourByOne(const AmxBlock& block, AmxBand<kParts>& band,
                                           float* sums) {
  beginSums(block, sums);
  const float* weights = block.weights;
  for (int64_t k = 0; k < block.pairBlocks; ++k) {
    const int64_t at = k * kParts * block.partWords;
    for (int64_t t = 0; t < block.tapCount; ++t, weights += kParts * kMatrix) {
      band.fetch(block.fetchEach);
      const int64_t tap = at + block.taps[t];
      _tile_loadd(4, weights, 64);
      if constexpr (kParts == 2) {
        _tile_loadd(5, weights + kMatrix, 64);
        VK_AMX_FOUR_BY_ONE(tap, 5);
        VK_AMX_FOUR_BY_ONE(tap + block.partWords, 4);
      }
      VK_AMX_FOUR_BY_ONE(tap, 4);
    }
  }
  _tile_stored(0, sums, 64);
  _tile_stored(1, sums + kMatrix, 64);
  _tile_stored(2, sums + 2 * kMatrix, 64);
  _tile_stored(3, sums + 3 * kMatrix, 64);
}

#undef VK_AMX_FOUR_BY_ONE

/** A group's weights of one tap. */
struct AmxWeights {
  const float* data;
  /** From a channel to the next. */
  int64_t outFloats;
  int64_t inFloats;
};

/** The words of 16 output channels from `out` on for input channels `in` and `in` + 1. */
VK_BF16_ATTR inline void packPair(const Conv3dArgs& args, const AmxWeights& weights, int64_t out,
                                  int64_t in, int64_t part, float* packed) {
  float first[16] = {};
  float second[16] = {};
  for (int64_t o = 0; o < kAmxOutputs && out + o < args.outChannels; ++o) {
    const float* const from = weights.data + (out + o) * weights.outFloats + in * weights.inFloats;
    if (in < args.inChannels) first[o] = from[0];
    if (in + 1 < args.inChannels) second[o] = from[weights.inFloats];
  }
  __m512 a = _mm512_loadu_ps(first);
  __m512 b = _mm512_loadu_ps(second);
  if (part == 1) {
    a = restOf(a);
    b = restOf(b);
  }
  _mm512_storeu_ps(packed, _mm512_castsi512_ps(pairsOf(a, b)));
}

/** A block of so many output channels: 2 matrices of voxels by 2 of weights, or 4 by 1. */
template <int64_t kParts>
VK_AMX_ATTR inline void sumBlock(const AmxBlock& block, int64_t channels, AmxBand<kParts>& band,
                                 float* sums) {
  if (channels > kAmxOutputs) {
    sumTwoByTwo(block, band, sums);
  } else {
    sumFourByOne(block, band, sums);
  }
}

/** The weights of every `step`-th tap from `first` on, along z, y, x, block of output channels by
 * block: [block of pairs][tap][part][matrix of the block][pair][output channel]; 0 where there is
 * no channel. Returns where they end. */
template <int64_t kParts>
VK_BF16_ATTR inline float* packTaps(const Conv3dArgs& args, AmxWeights weights,
                                    const int64_t (&first)[3], const int64_t (&step)[3],
                                    float* packed) {
  const float* const data = weights.data;
  const auto packTap = [&](int64_t tap, int64_t out, int64_t block) VK_BF16_ATTR {
    weights.data = data + tap;
    for (int64_t part = 0; part < kParts; ++part) {
      for (int64_t o = out; o < out + kAmxBlock && o < args.outChannels; o += kAmxOutputs) {
        for (int64_t pair = 0; pair < kAmxPairs; ++pair, packed += kAmxOutputs) {
          packPair(args, weights, o, 2 * (block * kAmxPairs + pair), part, packed);
        }
      }
    }
  };
  for (int64_t out = 0; out < args.outChannels; out += kAmxBlock) {
    for (int64_t block = 0; block < amxPairBlocks(args); ++block) {
      for (int64_t kz = first[0]; kz < args.kernel[0]; kz += step[0]) {
        for (int64_t ky = first[1]; ky < args.kernel[1]; ky += step[1]) {
          for (int64_t kx = first[2]; kx < args.kernel[2]; kx += step[2]) {
            packTap((kz * args.kernel[1] + ky) * args.kernel[2] + kx, out, block);
          }
        }
      }
    }
  }
  return packed;
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
