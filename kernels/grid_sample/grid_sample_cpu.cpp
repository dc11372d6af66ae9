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
HWY_INLINE void sampleCells(const GridFrame& frame, const GridSampleChunk& chunk) {
  const F32 d;
  const GridSampleArgs& args = *frame.args;
  const float* grid = static_cast<const float*>(args.grid) + chunk.item * args.positions() * kAxes;
  const bool large =
      args.batch * args.channels * args.positions() * int64_t{sizeof(float)} >= kStreamedBytes;
  for (int64_t first = chunk.begin; first < chunk.end; first += kGridBatch) {
    const int64_t n = chunk.end - first < kGridBatch ? chunk.end - first : kGridBatch;
    GridBatch<kAxes, false, Offset> batch;
    batch.fill(frame, grid + kAxes * first, n,
               static_cast<const float*>(args.input) + chunk.item * args.channels * args.volume());
    for (int64_t channel = 0; channel < args.channels; ++channel) {
      const int64_t plane = chunk.item * args.channels + channel;
      const float* input = static_cast<const float*>(args.input) + plane * args.volume();
      float* output = static_cast<float*>(args.output) + plane * args.positions() + first;
      for (int64_t i = 0, k = 0; i < n; i += kLanes, ++k) {
        const int64_t lanes = n - i < kLanes ? n - i : kLanes;
        if (channel + 1 < args.channels) {
          prefetchCells<kAxes>(input + args.volume(), frame.strides, batch.offsets[k]);
        }
        const VecF value =
            cellValue<kAxes>(input, frame.strides, batch.offsets[k], batch.weight[k]);
        // A side of weight 0 may be NaN or infinite: look again, with care.
        if (HWY_UNLIKELY(!hn::AllTrue(d, hn::Eq(value, value)))) {
          valuesOneByOne(args, grid + kAxes * (first + i), lanes, input, output + i);
        } else if (large && lanes == kLanes &&
                   reinterpret_cast<uintptr_t>(output + i) % (kLanes * sizeof(float)) == 0) {
          hn::Stream(value, d, output + i);
        } else {
          storeFirst(value, output + i, lanes);
        }
      }
    }
  }
  if (large) hwy::FlushStream();
}

/** Nearest, cubic, and inputs one voxel wide. */
HWY_INLINE void sampleTaps(const GridSampleArgs& args, const GridSampleChunk& chunk) {
  const float* grid =
      static_cast<const float*>(args.grid) + chunk.item * args.positions() * args.axes;
  for (int64_t i = chunk.begin; i < chunk.end; ++i) {
    PositionTaps taps;
    positionTaps(args, grid + args.axes * i, &taps);
    for (int64_t channel = 0; channel < args.channels; ++channel) {
      const int64_t plane = chunk.item * args.channels + channel;
      static_cast<float*>(args.output)[plane * args.positions() + i] =
          valueOf(args, taps, static_cast<const float*>(args.input) + plane * args.volume());
    }
  }
}

template <class Offset>
void sample(const GridSampleArgs& args, Context& context) {
  parallelFor(context, gridSampleChunks(args), [&](int64_t number) HWY_ATTR {
    const GridFrame frame(args);
    const GridSampleChunk chunk = gridSampleChunkAt(args, number);
    if (!takesCells(args)) {
      sampleTaps(args, chunk);
    } else if (args.axes == 3) {
      sampleCells<3, Offset>(frame, chunk);
    } else {
      sampleCells<2, Offset>(frame, chunk);
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
