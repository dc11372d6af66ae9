#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "conv3d/conv3d_winograd_cpu.cpp"
#include "core/simd_begin.h"
#include "conv3d/conv3d_band-inl.h"
#include "conv3d/conv3d_tile-inl.h"
#include "conv3d/conv3d_winograd.h"
#include "core/scratch.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using WinogradTag = hn::ScalableTag<float>;
using WinogradVec = hn::Vec<WinogradTag>;
constexpr int kSlice = 16;

/** B'd of four values, `step` apart. */
HWY_ATTR HWY_INLINE void transformInputs(WinogradVec* values, int step) {
  const WinogradVec d0 = values[0], d1 = values[step], d2 = values[2 * step], d3 = values[3 * step];
  values[0] = hn::Sub(d0, d2);
  values[step] = hn::Add(d1, d2);
  values[2 * step] = hn::Sub(d2, d1);
  values[3 * step] = hn::Sub(d1, d3);
}

/** A'm: four values to two. */
HWY_ATTR HWY_INLINE void transformSums(WinogradVec m0, WinogradVec m1, WinogradVec m2,
                                       WinogradVec m3, WinogradVec& first, WinogradVec& second) {
  first = hn::Add(m0, hn::Add(m1, m2));
  second = hn::Sub(hn::Sub(m1, m2), m3);
}

/** A vector of tiles, value t at input + taps[t], to value t at output + t outputFloats. */
HWY_ATTR HWY_NOINLINE void transformTiles(const float* input, const int64_t* taps, float* output,
                                          int64_t outputFloats) {
  const WinogradTag d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  HWY_ALIGN float slices[kWinogradValues * hn::MaxLanes(d)];
  for (int z = 0; z < 4; ++z) {
    WinogradVec values[kSlice];
#pragma GCC unroll 16
    for (int i = 0; i < kSlice; ++i) values[i] = hn::LoadU(d, input + taps[z * kSlice + i]);
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) transformInputs(values + 4 * i, 1);
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) transformInputs(values + i, 4);
#pragma GCC unroll 16
    for (int i = 0; i < kSlice; ++i) hn::Store(values[i], d, slices + (z * kSlice + i) * lanes);
  }
  for (int i = 0; i < kSlice; ++i) {
    WinogradVec values[4];
#pragma GCC unroll 4
    for (int z = 0; z < 4; ++z) values[z] = hn::Load(d, slices + (z * kSlice + i) * lanes);
    transformInputs(values, 1);
#pragma GCC unroll 4
    for (int z = 0; z < 4; ++z) {
      hn::StoreU(values[z], d, output + (z * kSlice + i) * outputFloats);
    }
  }
}

/** Sums of a vector of tiles to its four rows of outputs, two outputs a tile: (z, y) at
 * rows + (2 z + y) rowFloats. */
HWY_ATTR HWY_NOINLINE void transformOutputs(const float* sums, int64_t sumFloats, float* rows,
                                            int64_t rowFloats) {
  const WinogradTag d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  HWY_ALIGN float slices[2 * kSlice * hn::MaxLanes(d)];
  for (int i = 0; i < kSlice; ++i) {
    const float* const sum = sums + i * sumFloats;
    WinogradVec first, second;
    transformSums(hn::LoadU(d, sum), hn::LoadU(d, sum + kSlice * sumFloats),
                  hn::LoadU(d, sum + 2 * kSlice * sumFloats),
                  hn::LoadU(d, sum + 3 * kSlice * sumFloats), first, second);
    hn::Store(first, d, slices + i * lanes);
    hn::Store(second, d, slices + (kSlice + i) * lanes);
  }
  for (int z = 0; z < 2; ++z) {
    WinogradVec v[kSlice], lines[8];
#pragma GCC unroll 16
    for (int i = 0; i < kSlice; ++i) v[i] = hn::Load(d, slices + (z * kSlice + i) * lanes);
#pragma GCC unroll 4
    for (int x = 0; x < 4; ++x) {
      transformSums(v[x], v[4 + x], v[8 + x], v[12 + x], lines[x], lines[4 + x]);
    }
#pragma GCC unroll 2
    for (int y = 0; y < 2; ++y) {
      WinogradVec even, odd;
      transformSums(lines[4 * y], lines[4 * y + 1], lines[4 * y + 2], lines[4 * y + 3], even, odd);
      hn::StoreInterleaved2(even, odd, d, rows + (2 * z + y) * rowFloats);
    }
  }
}

/** Runs one task. Tiles of a band lie in one long row, as the joined rows of the direct
 * convolution do. */
class Winograd {
 public:
  Winograd(const Conv3dArgs& args, const Conv3dArgs& tiled, const Conv3dTiling& tiling,
           const WinogradScratch& layout, const Conv3dTask& task, float* scratch, int64_t* taps)
      : args_(args),
        tiled_(tiled),
        tiling_(tiling),
        layout_(layout),
        task_(task),
        band_(tiled, tiling, task, scratch, taps),
        tiles_(scratch + layout.tilesAt),
        sums_(scratch + layout.sumsAt),
        channelTaps_(taps + kWinogradValues) {}

  HWY_ATTR void run() {
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(WinogradTag()));
    const int64_t length = (task_.rows - 1) * tiling_.pitch + tiled_.outSize[2];
    const int64_t vectors = chunkCount(length, lanes);
    const int64_t chunks = chunkCount(vectors, mostVectors(kMostChannels));
    for (int64_t i = 0; i < task_.planes; ++i) {
      band_.load(i);
      const int64_t fetchEach = chunkCount(band_.rowsToFetch(), chunks * args_.inChannels);
      for (int64_t chunk = 0; chunk < chunks; ++chunk) {
        const int64_t from = chunk * vectors / chunks;
        const int64_t count = (chunk + 1) * vectors / chunks - from;
        const int64_t begin = from * lanes;
        const int64_t end = begin + count * lanes < length ? begin + count * lanes : length;
        transformChunk(begin, count, fetchEach);
        sumChunk(task_.plane + i, begin, end, count);
      }
    }
  }

 private:
  HWY_ATTR void transformChunk(int64_t begin, int64_t vectors, int64_t fetchEach) {
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(WinogradTag()));
    for (int64_t channel = 0; channel < args_.inChannels; ++channel) {
      band_.fetch(fetchEach);
      channelTaps_[channel] = channel * vectors * lanes;
      const float* const input = band_.data() + channel * tiling_.channelFloats + begin;
      for (int64_t v = 0; v < vectors; ++v) {
        transformTiles(input + v * lanes, band_.taps(), tiles_ + channelTaps_[channel] + v * lanes,
                       layout_.tileFloats);
      }
    }
  }

  HWY_ATTR void sumChunk(int64_t plane, int64_t begin, int64_t end, int64_t vectors) {
    const float* const weights =
        static_cast<const float*>(args_.packed) +
        task_.group * args_.outChannels * args_.inChannels * kWinogradValues;
    for (int64_t block = 0; block < blockCount(args_.outChannels); ++block) {
      const int64_t first = blockBegin(args_.outChannels, block);
      if (first < task_.channelBegin || first >= task_.channelEnd) continue;
      const int64_t channels = blockBegin(args_.outChannels, block + 1) - first;
      const int64_t lanes = static_cast<int64_t>(hn::Lanes(WinogradTag()));
      SumTile* const sum = kSumTiles[channels - 1][vectors - 1];
      // One "channel" whose taps are the channels: one loop instead of two.
      Tile tile{};
      tile.channels = 1;
      tile.taps = channelTaps_;
      tile.tapCount = args_.inChannels;
      for (int64_t value = 0; value < kWinogradValues; ++value) {
        tile.input = tiles_ + value * layout_.tileFloats;
        tile.weights = weights + (first * kWinogradValues + value * channels) * args_.inChannels;
        sum(tile, Finish{nullptr, nullptr, VK_ACTIVATION_NONE, 0},
            sums_ + value * layout_.sumFloats, vectors * lanes);
      }
      for (int64_t channel = 0; channel < channels; ++channel) {
        writeChannel(plane, first, channel, begin, end, vectors);
      }
    }
  }

  /** Outputs of the tiles [begin, end), of one channel of the block from `first` on. */
  HWY_ATTR void writeChannel(int64_t plane, int64_t first, int64_t channel, int64_t begin,
                             int64_t end, int64_t vectors) {
    const WinogradTag d;
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
    constexpr int64_t kRowFloats = 2 * kMostVectors * static_cast<int64_t>(hn::MaxLanes(d));
    HWY_ALIGN float rows[4 * kRowFloats];
    for (int64_t v = 0; v < vectors; ++v) {
      transformOutputs(sums_ + (channel * vectors + v) * lanes, layout_.sumFloats,
                       rows + 2 * v * lanes, kRowFloats);
    }
    for (int64_t part = 0; part < 4; ++part) {
      const int64_t z = 2 * plane + part / 2;
      if (z >= args_.outSize[0]) break;
      const Rows to = rowsOf(args_, task_, z, 0, first);
      int64_t row = begin / tiling_.pitch;
      int64_t x = begin - row * tiling_.pitch;
      for (int64_t at = begin; at < end; at = ++row * tiling_.pitch, x = 0) {
        const int64_t y = 2 * (task_.row + row) + part % 2;
        const int64_t stop = row * tiling_.pitch + tiled_.outSize[2];
        const int64_t tiles = (stop < end ? stop : end) - at;
        const int64_t rest = to.width - 2 * x;
        const int64_t count = 2 * tiles < rest ? 2 * tiles : rest;
        if (count <= 0 || y >= args_.outSize[1]) continue;
        const int64_t place = channel * to.channelFloats + y * to.rowFloats + 2 * x;
        finishRow(rows + part * kRowFloats + 2 * (at - begin), count, to.finish,
                  static_cast<int>(channel),
                  to.finish.residual != nullptr ? to.finish.residual + place : nullptr,
                  to.output + place);
      }
    }
  }

  const Conv3dArgs& args_;
  const Conv3dArgs& tiled_;
  const Conv3dTiling& tiling_;
  const WinogradScratch& layout_;
  const Conv3dTask& task_;
  Band band_;
  float* tiles_;
  float* sums_;
  int64_t* channelTaps_;
};

HWY_ATTR void conv3dWinogradCpu(const Conv3dArgs& args, Context& context,
                                const Workspace& workspace) {
  const Conv3dArgs tiled = conv3dTiles(args);
  const Conv3dTiling tiling = conv3dWinogradTiling(tiled);
  if (tiling.tasks == 0) return;
  const WinogradScratch scratch = winogradScratch(args, tiling);
  const int64_t slotCount = args.threads < tiling.tasks ? args.threads : tiling.tasks;
  const int64_t tapsEach = kWinogradValues + args.inChannels;
  WorkspaceLayout layout(workspace.data);
  float* const areas = layout.take<float>(slotCount * scratch.floats);
  int64_t* const taps = layout.take<int64_t>(slotCount * tapsEach);
  ScratchSlots slots(static_cast<int32_t>(slotCount));
  parallelFor(context, tiling.tasks, [&](int64_t index) HWY_ATTR {
    const Conv3dTask task = conv3dTask(tiled, tiling, index);
    if (task.planes == 0 || task.rows == 0) return;
    const int32_t slot = slots.acquire();
    Winograd(args, tiled, tiling, scratch, task, areas + slot * scratch.floats,
             taps + slot * tapsEach)
        .run();
    slots.release(slot);
  });
}

/** G g of three weights, `step` apart, to four values, `valueStep` apart. */
HWY_ATTR inline void transformWeights(const double* weights, int step, double* values,
                                      int valueStep) {
  const double ends = weights[0] + weights[2 * step];
  values[0] = weights[0];
  values[valueStep] = 0.5 * (ends + weights[step]);
  values[2 * valueStep] = 0.5 * (ends - weights[step]);
  values[3 * valueStep] = weights[2 * step];
}

/** Group by group and block by block: [value][input channel][output channel of the block]. */
HWY_ATTR void conv3dWinogradPackCpu(const Conv3dArgs& args, Context&, const Workspace&) {
  const float* weights = static_cast<const float*>(args.weights);
  float* packed = static_cast<float*>(args.packed);
  for (int64_t group = 0; group < args.groups; ++group) {
    for (int64_t block = 0; block < blockCount(args.outChannels); ++block) {
      const int64_t channels =
          blockBegin(args.outChannels, block + 1) - blockBegin(args.outChannels, block);
      for (int64_t out = 0; out < channels; ++out) {
        for (int64_t in = 0; in < args.inChannels; ++in, weights += 27) {
          double kernel[27], alongX[36], alongY[48], values[kWinogradValues];
          for (int i = 0; i < 27; ++i) kernel[i] = weights[i];
          for (int i = 0; i < 9; ++i) transformWeights(kernel + 3 * i, 1, alongX + 4 * i, 1);
          for (int i = 0; i < 12; ++i) {
            transformWeights(alongX + i / 4 * 12 + i % 4, 4, alongY + i / 4 * 16 + i % 4, 4);
          }
          for (int i = 0; i < 16; ++i) transformWeights(alongY + i, 16, values + i, 16);
          for (int64_t value = 0; value < kWinogradValues; ++value) {
            packed[(value * args.inChannels + in) * channels + out] =
                static_cast<float>(values[value]);
          }
        }
      }
      packed += kWinogradValues * args.inChannels * channels;
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(conv3dWinogradCpu);
VK_SIMD_TABLE(conv3dWinogradPackCpu);

}  // namespace vk
#endif
