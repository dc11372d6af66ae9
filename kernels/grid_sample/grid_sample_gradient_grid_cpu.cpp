#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "grid_sample/grid_sample_gradient_grid_cpu.cpp"
#include "core/simd_begin.h"
#include "grid_sample/grid_sample_slopes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace {

template <int kAxes, class Offset>
HWY_INLINE void gradientByCells(const GridFrame& frame, const GridSampleChunks& chunks,
                                const GridSampleChunk& chunk) {
  const F32 d;
  const GridSampleArgs& args = *frame.args;
  // Held by value below, as stores of vectors may change anything that is referred to.
  const Strides strides = frame.strides;
  const int64_t channels = args.channels, volume = args.volume(), positions = args.positions();
  const float* grid = static_cast<const float*>(args.grid) + chunk.item * positions * kAxes;
  float* gradient = static_cast<float*>(args.gradient) + chunk.item * positions * kAxes;
  const float* image = static_cast<const float*>(args.input) + chunk.item * channels * volume;
  const float* upstreams =
      static_cast<const float*>(args.upstream) + chunk.item * channels * positions;
  const bool large = gradientIsLarge(args);
  forEachTile<kAxes, true, Offset>(
      frame, chunks, chunk, grid, image,
      [=](const auto& batch, int64_t count, int64_t ahead) HWY_ATTR {
        HWY_ALIGN float sums[kGridVectors][3][kLanes] = {};
        for (int64_t channel = 0; channel < channels; ++channel) {
          const float* input = image + channel * volume;
          const bool more = channel + 1 < channels;
          for (int64_t k = 0; k < count; ++k) {
            const float* upstream = upstreams + channel * positions + batch.first[k];
            __builtin_prefetch(upstream + 2 * kLanes);
            const VecF g = loadFirst(upstream, batch.lanes[k]);
            if (more) prefetchCells(input + volume, ahead, batch.offsets[k], k);
            VecF sum[3];
            for (int r = 0; r < kAxes; ++r) sum[r] = hn::Load(d, sums[k][r]);
            addSlopes<kAxes>(input, strides, batch.offsets[k], batch.weight[k], batch.slope[k], g,
                             sum);
            for (int r = 0; r < kAxes; ++r) hn::Store(sum[r], d, sums[k][r]);
          }
        }
        for (int64_t k = 0; k < count; ++k) {
          VecF sum[3];
          for (int r = 0; r < kAxes; ++r) sum[r] = hn::Load(d, sums[k][r]);
          storeCoordinates<kAxes>(sum, batch.lanes[k], large, gradient + kAxes * batch.first[k]);
        }
      });
  if (large) hwy::FlushStream();
}

inline HWY_NOINLINE void addSlopesOf(const GridSampleArgs& args, const PositionTaps& taps,
                                     const float* input, double g, double sum[3]) {
  const GridSampleTaps& tx = taps.axis[0];
  const GridSampleTaps& ty = taps.axis[1];
  const GridSampleTaps& tz = taps.axis[2];
  for (int c = 0; c < tz.count; ++c) {
    for (int b = 0; b < ty.count; ++b) {
      const float* row = input + (tz.index[c] * args.size[1] + ty.index[b]) * args.size[0];
      double value = 0;
      double change = 0;
      for (int a = 0; a < tx.count; ++a) {
        value += tx.weight[a] * double(row[tx.index[a]]);
        change += tx.slope[a] * double(row[tx.index[a]]);
      }
      sum[0] += g * change * ty.weight[b] * tz.weight[c];
      sum[1] += g * value * ty.slope[b] * tz.weight[c];
      sum[2] += g * value * ty.weight[b] * tz.slope[c];
    }
  }
}

HWY_INLINE void gradientByTaps(const GridSampleArgs& args, const GridSampleChunks& chunks,
                               const GridSampleChunk& chunk) {
  forEachPosition(chunks, chunk, [&](int64_t i) HWY_ATTR {
    const int64_t at = (chunk.item * args.positions() + i) * args.axes;
    PositionTaps taps;
    positionTaps(args, static_cast<const float*>(args.grid) + at, &taps);
    double sum[3] = {0, 0, 0};
    for (int64_t channel = 0; channel < args.channels; ++channel) {
      const int64_t plane = chunk.item * args.channels + channel;
      const float g = static_cast<const float*>(args.upstream)[plane * args.positions() + i];
      addSlopesOf(args, taps, static_cast<const float*>(args.input) + plane * args.volume(),
                  double(g), sum);
    }
    for (int r = 0; r < args.axes; ++r) static_cast<float*>(args.gradient)[at + r] = float(sum[r]);
  });
}

template <class Offset>
void gradientGrid(const GridSampleArgs& args, Context& context) {
  const GridSampleChunks chunks(args);
  parallelFor(context, chunks.count(), [&](int64_t number) HWY_ATTR {
    const GridFrame frame(args);
    const GridSampleChunk chunk = chunks.at(number);
    if (!takesCells(args)) {
      gradientByTaps(args, chunks, chunk);
    } else if (args.axes == 3) {
      gradientByCells<3, Offset>(frame, chunks, chunk);
    } else {
      gradientByCells<2, Offset>(frame, chunks, chunk);
    }
  });
}

}  // namespace

void gridSampleGradientGridCpu(const GridSampleArgs& args, Context& context, const Workspace&) {
  args.volume() > INT32_MAX ? gradientGrid<int64_t>(args, context)
                            : gradientGrid<uint32_t>(args, context);
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(gridSampleGradientGridCpu);

}  // namespace vk
#endif
