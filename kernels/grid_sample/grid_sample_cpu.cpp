#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "grid_sample/grid_sample_cpu.cpp"
#include "core/simd_begin.h"
#include <hwy/cache_control.h>

#include "core/simd_math.h"
#include "grid_sample/grid_sample_cells-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace {

HWY_INLINE VecF weighted(VecF a, VecF b, const float weight[2][kLanes]) {
  const F32 d;
  return hn::MulAdd(b, hn::Load(d, weight[1]), hn::Mul(a, hn::Load(d, weight[0])));
}

template <int kAxes, class Offset>
HWY_INLINE VecF cellValue(const float* input, const Strides& strides, const Offset* offsets,
                          const float weight[kAxes][2][kLanes]) {
  constexpr int kRows = kAxes == 3 ? 4 : 2;
  Pairs p[4];
  loadNeighbours<kRows>(input, strides, offsets, p);
  VecF row[kRows];
  for (int k = 0; k < kRows; ++k) row[k] = weighted(p[k].at0, p[k].at1, weight[0]);
  const VecF first = weighted(row[0], row[1], weight[1]);
  if constexpr (kAxes == 2) {
    return first;
  } else {
    return weighted(first, weighted(row[2], row[3], weight[1]), weight[2]);
  }
}

inline HWY_NOINLINE float valueOf(const GridSampleArgs& args, const PositionTaps& taps,
                                  const float* input) {
  const GridSampleTaps& tx = taps.axis[0];
  const GridSampleTaps& ty = taps.axis[1];
  const GridSampleTaps& tz = taps.axis[2];
  double value = 0;
  for (int c = 0; c < tz.count; ++c) {
    for (int b = 0; b < ty.count; ++b) {
      const float* row = input + (tz.index[c] * args.size[1] + ty.index[b]) * args.size[0];
      const double weight = tz.weight[c] * ty.weight[b];
      for (int a = 0; a < tx.count; ++a) {
        // A tap of weight 0 does not count, so that a NaN beside an exact position does not spread.
        const double product = weight * tx.weight[a];
        if (product != 0) value += product * double(row[tx.index[a]]);
      }
    }
  }
  return float(value);
}

/** The n values of one vector, position by position. */
inline HWY_NOINLINE void valuesOneByOne(const GridSampleArgs& args, const float* grid, int64_t n,
                                        const float* input, float* output) {
  for (int64_t k = 0; k < n; ++k) {
    PositionTaps taps;
    positionTaps(args, grid + args.axes * k, &taps);
    output[k] = valueOf(args, taps, input);
  }
}

template <int kAxes, class Offset>
HWY_INLINE void sampleCells(const GridFrame& frame, const GridSampleChunks& chunks,
                            const GridSampleChunk& chunk) {
  const F32 d;
  const GridSampleArgs& args = *frame.args;
  // Held by value below, as stores of vectors may change anything that is referred to.
  const Strides strides = frame.strides;
  const int64_t channels = args.channels, volume = args.volume(), positions = args.positions();
  const float* grid = static_cast<const float*>(args.grid) + chunk.item * positions * kAxes;
  const float* image = static_cast<const float*>(args.input) + chunk.item * channels * volume;
  float* outputs = static_cast<float*>(args.output) + chunk.item * channels * positions;
  const bool large = args.batch * channels * positions * int64_t{sizeof(float)} >= kStreamedBytes;
  forEachTile<kAxes, false, Offset>(
      frame, chunks, chunk, grid, image,
      [=, &args](const auto& batch, int64_t count, int64_t ahead) HWY_ATTR {
        for (int64_t channel = 0; channel < channels; ++channel) {
          const float* input = image + channel * volume;
          const bool more = channel + 1 < channels;
          for (int64_t k = 0; k < count; ++k) {
            if (more) prefetchCells(input + volume, ahead, batch.offsets[k], k);
            const VecF value = cellValue<kAxes>(input, strides, batch.offsets[k], batch.weight[k]);
            float* output = outputs + channel * positions + batch.first[k];
            const int64_t lanes = batch.lanes[k];
            // A side of weight 0 may be NaN or infinite: look again, with care.
            if (HWY_UNLIKELY(!hn::AllTrue(d, hn::Eq(value, value)))) {
              valuesOneByOne(args, grid + kAxes * batch.first[k], lanes, input, output);
            } else if (large && lanes == kLanes &&
                       reinterpret_cast<uintptr_t>(output) % (kLanes * sizeof(float)) == 0) {
              hn::Stream(value, d, output);
            } else {
              storeFirst(value, output, lanes);
            }
          }
        }
      });
  if (large) hwy::FlushStream();
}

/** Nearest, cubic, and inputs one voxel wide. */
HWY_INLINE void sampleTaps(const GridSampleArgs& args, const GridSampleChunks& chunks,
                           const GridSampleChunk& chunk) {
  const float* grid =
      static_cast<const float*>(args.grid) + chunk.item * args.positions() * args.axes;
  forEachPosition(chunks, chunk, [&](int64_t i) HWY_ATTR {
    PositionTaps taps;
    positionTaps(args, grid + args.axes * i, &taps);
    for (int64_t channel = 0; channel < args.channels; ++channel) {
      const int64_t plane = chunk.item * args.channels + channel;
      static_cast<float*>(args.output)[plane * args.positions() + i] =
          valueOf(args, taps, static_cast<const float*>(args.input) + plane * args.volume());
    }
  });
}

template <class Offset>
void sample(const GridSampleArgs& args, Context& context) {
  const GridSampleChunks chunks(args);
  parallelFor(context, chunks.count(), [&](int64_t number) HWY_ATTR {
    const GridFrame frame(args);
    const GridSampleChunk chunk = chunks.at(number);
    if (!takesCells(args)) {
      sampleTaps(args, chunks, chunk);
    } else if (args.axes == 3) {
      sampleCells<3, Offset>(frame, chunks, chunk);
    } else {
      sampleCells<2, Offset>(frame, chunks, chunk);
    }
  });
}

}  // namespace

void gridSampleCpu(const GridSampleArgs& args, Context& context, const Workspace&) {
  args.volume() > INT32_MAX ? sample<int64_t>(args, context) : sample<uint32_t>(args, context);
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(gridSampleCpu);

}  // namespace vk
#endif
