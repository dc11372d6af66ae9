#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "conv3d/conv3d_winograd_weights_cpu.cpp"
#include "core/simd_begin.h"
#include "conv3d/conv3d_winograd_strip-inl.h"
#include "core/scratch.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** Sums of so many output channels by vectors of input channels fit the registers. */
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
constexpr int kMostOuts = 12;
#else
constexpr int kMostOuts = 6;
#endif
constexpr int kMostVectors = 2;

/** One value of a batch's tiles: [tile][channel] of upstream and input, and sums
 * [output channel][input channel]. */
struct TileProducts {
  const float* upstream;
  int64_t outFloats;
  const float* input;
  int64_t inFloats;
  int64_t tiles;
  float* sums;
  /** Whether the sums hold nothing yet. */
  bool first;
};

template <int Outs, int Vectors>
HWY_ATTR HWY_NOINLINE void addTiles(const TileProducts& p) {
  const WinogradTag d;
  WinogradVec sums[Outs][Vectors];
#pragma GCC unroll 16
  for (int o = 0; o < Outs; ++o) {
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) sums[o][v] = hn::Zero(d);
  }
  const float* upstream = p.upstream;
  const float* input = p.input;
  for (int64_t tile = 0; tile < p.tiles; ++tile) {
    WinogradVec in[Vectors];
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) in[v] = hn::LoadU(d, input + v * kStripLanes);
#pragma GCC unroll 16
    for (int o = 0; o < Outs; ++o) {
      const WinogradVec out = hn::Set(d, upstream[o]);
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; ++v) sums[o][v] = hn::MulAdd(out, in[v], sums[o][v]);
    }
    upstream += p.outFloats;
    input += p.inFloats;
  }
#pragma GCC unroll 16
  for (int o = 0; o < Outs; ++o) {
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) {
      float* const to = p.sums + o * p.inFloats + v * kStripLanes;
      hn::StoreU(p.first ? sums[o][v] : hn::Add(sums[o][v], hn::LoadU(d, to)), d, to);
    }
  }
}

using AddTiles = void(const TileProducts&);

template <int Outs, int Vectors>
constexpr AddTiles* addTilesOrNull() {
  if constexpr (Outs <= kMostOuts && Vectors <= kMostVectors) {
    return addTiles<Outs, Vectors>;
  } else {
    return nullptr;
  }
}

#define VK_CONV3D_ROW(O) \
  { addTilesOrNull<O, 1>(), addTilesOrNull<O, 2>() }
constexpr AddTiles* kAddTiles[12][kMostVectors] = {
    VK_CONV3D_ROW(1), VK_CONV3D_ROW(2),  VK_CONV3D_ROW(3),  VK_CONV3D_ROW(4),
    VK_CONV3D_ROW(5), VK_CONV3D_ROW(6),  VK_CONV3D_ROW(7),  VK_CONV3D_ROW(8),
    VK_CONV3D_ROW(9), VK_CONV3D_ROW(10), VK_CONV3D_ROW(11), VK_CONV3D_ROW(12)};
#undef VK_CONV3D_ROW

/** Runs one task, tiles of Z x 4 x 4 upstreams. */
template <int Z>
class WinogradWeights {
  static constexpr int kPlanes = winogradValues(Z);
  static constexpr int kValues = winogradValues(WinogradForm{Z, 4});
  /** The value at the point 1 of each axis: the sum of a tile. */
  static constexpr int kSumValue = Z == 1 ? 7 : 43;

 public:
  HWY_ATTR WinogradWeights(const Conv3dGradientWeightsArgs& args, const WinogradWeightsTiling& t,
                           int64_t task, float* sums, const float* zeros, float* scratch)
      : args_(args), t_(t), zeros_(zeros), sums_(sums + task * t.sumFloats) {
    const auto next = [&task](int64_t count) HWY_ATTR {
      const int64_t digit = task % count;
      task /= count;
      return digit;
    };
    ins_ = chunkRange(args.inChannels, t.inEach, next(t.inRanges));
    outs_ = chunkRange(args.outChannels, t.outEach, next(t.outRanges));
    group_ = next(args.groups);
    strips_ = chunkRange(t.strips, t.chunkStrips, task);
    lines_ = scratch;
    columns_ = lines_ + kValues / 6 * t.lineFloats;
    inputs_ = columns_ + t.columnFloats;
    upstreams_ = inputs_ + kValues * t.batchTiles * t.inFloats;
  }

  HWY_ATTR void run() {
    for (int64_t begin = strips_.begin; begin < strips_.end; begin += t_.batchStrips) {
      const int64_t rest = strips_.end - begin;
      const int64_t count = rest < t_.batchStrips ? rest : t_.batchStrips;
      int64_t tiles = 0;
      for (int64_t i = 0; i < count; ++i) tiles += transformStrip(begin + i, tiles);
      const bool first = begin == strips_.begin;
      for (int value = 0; value < kValues; ++value) addProducts(value, tiles, first);
      if (args_.gradientBias != nullptr && ins_.begin == 0) addBias(tiles, first);
    }
  }

 private:
  /** Values of a strip to the batch's tiles from `at` on. Returns how many those are. */
  HWY_ATTR int64_t transformStrip(int64_t strip, int64_t at) const {
    const auto next = [&strip](int64_t count) HWY_ATTR {
      const int64_t digit = strip % count;
      strip /= count;
      return digit;
    };
    const Range tiles = chunkRange(t_.tiles[2], t_.stripTiles, next(t_.rowStrips));
    int64_t tile[3] = {0, 0, tiles.begin};
    tile[1] = next(t_.tiles[1]);
    tile[0] = next(t_.tiles[0]);
    const int64_t image = strip * args_.groups + group_;
    const int64_t count = tiles.end - tiles.begin;
    const int64_t none[3] = {0, 0, 0};
    const StripVolume input = {
        channelOf(args_.input, args_.inSize, image * args_.inChannels + ins_.begin), args_.inSize,
        args_.paddingBegin, ins_.end - ins_.begin};
    StripValues<Z, true>(t_, input, zeros_, lines_, columns_, t_.inFloats)
        .run(tile, count, inputs_ + at * t_.inFloats);
    const StripVolume upstream = {
        channelOf(args_.upstream, args_.outSize, image * args_.outChannels + outs_.begin),
        args_.outSize, none, outs_.end - outs_.begin};
    StripValues<Z, false>(t_, upstream, zeros_, lines_, columns_, t_.outFloats)
        .run(tile, count, upstreams_ + at * t_.outFloats);
    return count;
  }

  static HWY_ATTR const float* channelOf(const void* tensor, const int64_t* size, int64_t channel) {
    return static_cast<const float*>(tensor) + channel * size[0] * size[1] * size[2];
  }

  HWY_ATTR void addProducts(int64_t value, int64_t tiles, bool first) const {
    const int64_t outs = outs_.end - outs_.begin;
    const int64_t vectors = chunkCount(ins_.end - ins_.begin, kStripLanes);
    const int64_t blocks = chunkCount(outs, kMostOuts);
    TileProducts p{};
    p.outFloats = t_.outFloats;
    p.inFloats = t_.inFloats;
    p.tiles = tiles;
    p.first = first;
    for (int64_t v = 0; v < vectors; v += kMostVectors) {
      const int64_t together = vectors - v < kMostVectors ? vectors - v : kMostVectors;
      p.input = inputs_ + value * t_.batchTiles * t_.inFloats + v * kStripLanes;
      for (int64_t block = 0; block < blocks; ++block) {
        const int64_t out = block * outs / blocks;
        const int64_t count = (block + 1) * outs / blocks - out;
        p.upstream = upstreams_ + value * t_.batchTiles * t_.outFloats + out;
        p.sums = sums_ + (value * t_.outEach + out) * t_.inFloats + v * kStripLanes;
        kAddTiles[count - 1][together - 1](p);
      }
    }
  }

  HWY_ATTR void addBias(int64_t tiles, bool first) const {
    const WinogradTag d;
    const float* const values = upstreams_ + kSumValue * t_.batchTiles * t_.outFloats;
    for (int64_t out = 0; out < outs_.end - outs_.begin; out += kStripLanes) {
      WinogradVec sum = hn::Zero(d);
      for (int64_t tile = 0; tile < tiles; ++tile) {
        sum = hn::Add(sum, hn::LoadU(d, values + tile * t_.outFloats + out));
      }
      float* const to = sums_ + t_.biasAt + out;
      hn::StoreU(first ? sum : hn::Add(sum, hn::LoadU(d, to)), d, to);
    }
  }

  const Conv3dGradientWeightsArgs& args_;
  const WinogradWeightsTiling& t_;
  const float* zeros_;
  float* sums_;
  Range ins_;
  Range outs_;
  int64_t group_;
  Range strips_;
  float* lines_;
  float* columns_;
  float* inputs_;
  float* upstreams_;
};

/** Input channels whose sums are transformed together. */
constexpr int kGradients = 16;

/** Six sums, `step` apart, to three weights: the transposed transformWeights. */
HWY_ATTR HWY_INLINE void transformGradients(const double (*m)[kGradients], int step,
                                            double (*weights)[kGradients], int weightStep) {
  for (int i = 0; i < kGradients; ++i) {
    const double one = m[step][i] * (1.0 / 3);
    const double minusOne = m[2 * step][i] * (1.0 / 3);
    const double half = m[3 * step][i] * (1 / 0.9375);
    const double minusTwo = m[4 * step][i] * (1.0 / 15);
    weights[0][i] = m[0][i] + one - minusOne - half + minusTwo;
    weights[weightStep][i] = one + minusOne - 0.5 * half - 2 * minusTwo;
    weights[2 * weightStep][i] = one - minusOne - 0.25 * half + 4 * minusTwo + m[5 * step][i];
  }
}

/** The gradient of one output channel's weights from `chunks` sums that lie `chunkFloats` apart,
 * for `count` input channels. */
template <int Z>
HWY_ATTR void finishWeights(const float* sums, int64_t valueFloats, int64_t chunks,
                            int64_t chunkFloats, int64_t count, float* gradient) {
  constexpr int planes = winogradValues(Z);
  constexpr int kernelPlanes = Z == 1 ? 1 : 3;
  double all[planes * 36][kGradients], alongX[planes * 18][kGradients],
      alongY[planes * 9][kGradients], weights[kernelPlanes * 9][kGradients];
  for (int v = 0; v < planes * 36; ++v) {
    for (int i = 0; i < kGradients; ++i) all[v][i] = 0;
    for (int64_t chunk = 0; chunk < chunks; ++chunk) {
      const float* const from = sums + chunk * chunkFloats + v * valueFloats;
      for (int i = 0; i < kGradients; ++i) all[v][i] += double(from[i]);
    }
  }
  for (int v = 0; v < planes * 6; ++v) transformGradients(all + 6 * v, 1, alongX + 3 * v, 1);
  for (int a = 0; a < planes; ++a) {
    for (int x = 0; x < 3; ++x) {
      transformGradients(alongX + 18 * a + x, 3, alongY + 9 * a + x, 3);
    }
  }
  const double(*result)[kGradients] = alongY;
  if constexpr (Z != 1) {
    for (int v = 0; v < 9; ++v) transformGradients(alongY + v, 9, weights + v, 9);
    result = weights;
  }
  for (int64_t i = 0; i < count; ++i) {
    for (int w = 0; w < 9 * kernelPlanes; ++w) {
      gradient[i * 9 * kernelPlanes + w] = static_cast<float>(result[w][i]);
    }
  }
}

template <int Z>
HWY_ATTR void winogradWeights(const Conv3dGradientWeightsArgs& args, Context& context,
                              const Workspace& workspace) {
  const WinogradWeightsTiling t = winogradWeightsTiling(args, Z);
  const int64_t slotCount = args.threads < t.tasks ? args.threads : t.tasks;
  WorkspaceLayout layout(workspace.data);
  float* const sums = layout.take<float>(t.tasks * t.sumFloats);
  float* const zeros = layout.take<float>(t.zeroFloats);
  float* const scratch = layout.take<float>(slotCount * t.scratchFloats);
  for (int64_t i = 0; i < t.zeroFloats; ++i) zeros[i] = 0;
  ScratchSlots slots(static_cast<int32_t>(slotCount));
  parallelFor(context, t.tasks, [&](int64_t task) HWY_ATTR {
    const int32_t slot = slots.acquire();
    WinogradWeights<Z>(args, t, task, sums, zeros, scratch + slot * t.scratchFloats).run();
    slots.release(slot);
  });
  const int64_t ranges = t.tasks / t.chunks;
  parallelFor(context, args.groups * args.outChannels, [&](int64_t out) HWY_ATTR {
    const int64_t group = out / args.outChannels;
    const int64_t of = out % args.outChannels;
    const int64_t outRange = group * t.outRanges + of / t.outEach;
    const int64_t chunkFloats = ranges * t.sumFloats;
    const float* const range = sums + outRange * t.inRanges * t.sumFloats;
    for (int64_t in = 0; in < args.inChannels; in += kGradients) {
      const int64_t left = args.inChannels - in;
      finishWeights<Z>(
          range + in / t.inEach * t.sumFloats + of % t.outEach * t.inFloats + in % t.inEach,
          t.outEach * t.inFloats, t.chunks, chunkFloats, left < kGradients ? left : kGradients,
          static_cast<float*>(args.gradient) + (out * args.inChannels + in) * conv3dTaps(args));
    }
    if (args.gradientBias == nullptr) return;
    double sum = 0;
    for (int64_t chunk = 0; chunk < t.chunks; ++chunk) {
      sum += double(range[chunk * chunkFloats + t.biasAt + of % t.outEach]);
    }
    static_cast<float*>(args.gradientBias)[out] = static_cast<float>(sum);
  });
}

HWY_ATTR void conv3dWinogradWeights4(const Conv3dGradientWeightsArgs& args, Context& context,
                                     const Workspace& workspace) {
  winogradWeights<4>(args, context, workspace);
}

HWY_ATTR void conv3dWinogradWeights1(const Conv3dGradientWeightsArgs& args, Context& context,
                                     const Workspace& workspace) {
  winogradWeights<1>(args, context, workspace);
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(conv3dWinogradWeights4);
VK_SIMD_TABLE(conv3dWinogradWeights1);

}  // namespace vk
#endif
