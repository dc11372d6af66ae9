#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "conv3d/conv3d_bf16_cpu.cpp"
#include "core/simd_begin.h"
#include "conv3d/conv3d_bf16.h"
#include "conv3d/conv3d_direct-inl.h"
#include "conv3d/conv3d_pairs-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_AVX3

/** Rows of pairs of channels. */
class PairedInput {
 public:
  PairedInput(const Conv3dArgs& args, float* pairs)
      : plain_(args),
        channels_(args.inChannels),
        pairs_((args.inChannels + 1) / 2),
        width_(args.inSize[2]),
        row_(pairs) {}

  /** Valid until the next one. */
  HWY_ATTR const float* row(int64_t pair, int64_t z, int64_t y) const {
    const int64_t first = firstOf(pair);
    pairRows(plain_.row(first, z, y), hasSecond(pair) ? plain_.row(first + 1, z, y) : nullptr,
             width_, row_);
    return row_;
  }
  HWY_ATTR void fetch(int64_t pair, int64_t z, int64_t y) const {
    plain_.fetch(firstOf(pair), z, y);
    if (hasSecond(pair)) plain_.fetch(firstOf(pair) + 1, z, y);
  }

 private:
  HWY_ATTR int64_t firstOf(int64_t pair) const {
    return pair / pairs_ * channels_ + pair % pairs_ * 2;
  }
  HWY_ATTR bool hasSecond(int64_t pair) const { return pair % pairs_ * 2 + 1 < channels_; }

  PlainInput plain_;
  int64_t channels_;
  int64_t pairs_;
  int64_t width_;
  float* row_;
};

/** sumTile() of pairs. */
template <int Channels, int Vectors>
VK_BF16_ATTR HWY_NOINLINE void sumPairs(const Tile& tile, const Finish& finish, float* output,
                                        int64_t outputFloats) {
  const hn::ScalableTag<float> d;
  hn::Vec<decltype(d)> sums[Channels][Vectors];
#pragma GCC unroll 8
  for (int c = 0; c < Channels; ++c) {
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; ++v) sums[c][v] = hn::Zero(d);
  }
  const float* weights = tile.weights;
  const float* channel = tile.input;
  for (int64_t i = 0; i < tile.channels; ++i, channel += tile.channelFloats) {
    for (int64_t t = 0; t < tile.tapCount; ++t, weights += Channels) {
      const float* const input = channel + tile.taps[t];
      __m512bh voxels[Vectors];
#pragma GCC unroll 8
      for (int v = 0; v < Vectors; ++v) voxels[v] = (__m512bh)_mm512_loadu_ps(input + v * 16);
#pragma GCC unroll 8
      for (int c = 0; c < Channels; ++c) {
        const __m512bh weight = (__m512bh)_mm512_set1_ps(weights[c]);
#pragma GCC unroll 8
        for (int v = 0; v < Vectors; ++v) {
          sums[c][v].raw = _mm512_dpbf16_ps(sums[c][v].raw, voxels[v], weight);
        }
      }
    }
  }
  finishTile(sums, finish, output, outputFloats);
}

template <int Channels, int Vectors>
constexpr SumTile* sumPairsOrNull() {
  if constexpr (Vectors <= mostVectors(Channels)) {
    return sumPairs<Channels, Vectors>;
  } else {
    return nullptr;
  }
}

#define VK_CONV3D_ROW(C)                                                       \
  {                                                                            \
    sumPairsOrNull<C, 1>(), sumPairsOrNull<C, 2>(), sumPairsOrNull<C, 3>(),    \
        sumPairsOrNull<C, 4>(), sumPairsOrNull<C, 5>(), sumPairsOrNull<C, 6>() \
  }
constexpr SumTiles kSumPairs = {VK_CONV3D_ROW(1), VK_CONV3D_ROW(2), VK_CONV3D_ROW(3),
                                VK_CONV3D_ROW(4), VK_CONV3D_ROW(5), VK_CONV3D_ROW(6),
                                VK_CONV3D_ROW(7), VK_CONV3D_ROW(8)};
#undef VK_CONV3D_ROW

HWY_ATTR void conv3dBf16Cpu(const Conv3dArgs& args, Context& context, const Workspace& workspace) {
  const auto input = [&args](float* row) HWY_ATTR { return PairedInput(args, row); };
  convolveDirectly(conv3dOfPairs(args), args.inSize[2], input, kSumPairs, context, workspace);
}

/** Group by group and block by block: [pair of input channels][tap][output channel of the block].
 */
VK_BF16_ATTR void conv3dBf16PackCpu(const Conv3dArgs& args, Context&, const Workspace&) {
  const int64_t taps = conv3dTaps(args);
  const float* weights = static_cast<const float*>(args.weights);
  float* packed = static_cast<float*>(args.packed);
  for (int64_t group = 0; group < args.groups; ++group) {
    for (int64_t block = 0; block < blockCount(args.outChannels); ++block) {
      const int64_t channels =
          blockBegin(args.outChannels, block + 1) - blockBegin(args.outChannels, block);
      for (int64_t in = 0; in < args.inChannels; in += 2) {
        for (int64_t tap = 0; tap < taps; ++tap) {
          for (int64_t channel = 0; channel < channels; ++channel, ++packed) {
            const float* const first = weights + (channel * args.inChannels + in) * taps + tap;
            pairRows(first, in + 1 < args.inChannels ? first + taps : nullptr, 1, packed);
          }
        }
      }
      weights += channels * args.inChannels * taps;
    }
  }
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

#if HWY_ARCH_X86
const SimdTable<Kernel<Conv3dArgs>> conv3dBf16CpuTable = {N_AVX3::conv3dBf16Cpu, nullptr, nullptr,
                                                          nullptr};
const SimdTable<Kernel<Conv3dArgs>> conv3dBf16PackCpuTable = {N_AVX3::conv3dBf16PackCpu, nullptr,
                                                              nullptr, nullptr};
#else
const SimdTable<Kernel<Conv3dArgs>> conv3dBf16CpuTable = {};
const SimdTable<Kernel<Conv3dArgs>> conv3dBf16PackCpuTable = {};
#endif

}  // namespace vk
#endif
