#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "grid_sample/grid_sample_gradient_grid_cpu.cpp"
#include "core/simd_begin.h"
#include "core/simd_math.h"
#include "grid_sample/grid_sample_cells-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace {

using SideLanes = const float (*)[2][kLanes];

HWY_INLINE VecF combined(VecF a, VecF b, const float factor[2][kLanes]) {
  const F32 d;
  return hn::MulAdd(b, hn::Load(d, factor[1]), hn::Mul(a, hn::Load(d, factor[0])));
}

/** Adds g times the slopes of one vector by x, y, z. */
template <int kAxes, class Offset>
HWY_INLINE void addSlopes(const float* input, const Strides& strides, const Offset* offsets,
                          SideLanes weight, SideLanes slope, VecF g, VecF sum[3]) {
  constexpr int kRows = kAxes == 3 ? 4 : 2;
  Pairs p[4];
  loadNeighbours<kRows>(input, strides, offsets, p);
  VecF value[kRows];
  VecF change[kRows];
  for (int k = 0; k < kRows; ++k) {
    value[k] = combined(p[k].at0, p[k].at1, weight[0]);
    change[k] = combined(p[k].at0, p[k].at1, slope[0]);
  }
  VecF x = combined(change[0], change[1], weight[1]);
  VecF y = combined(value[0], value[1], slope[1]);
  if constexpr (kAxes == 3) {
    x = combined(x, combined(change[2], change[3], weight[1]), weight[2]);
    y = combined(y, combined(value[2], value[3], slope[1]), weight[2]);
    const VecF z = combined(combined(value[0], value[1], weight[1]),
                            combined(value[2], value[3], weight[1]), slope[2]);
    sum[2] = hn::MulAdd(g, z, sum[2]);
  }
  sum[0] = hn::MulAdd(g, x, sum[0]);
  sum[1] = hn::MulAdd(g, y, sum[1]);
}

#if HWY_TARGET == HWY_AVX3
/** x, y, z of sixteen positions in turn, by two permutations for each third; where they lie on
 * lines of the cache and there are many, around the caches: the lines need not be read before. */
HWY_INLINE void storeSixteen(const float (*sum)[kLanes], bool large, float* to) {
  const __m512 x = _mm512_load_ps(sum[0]), y = _mm512_load_ps(sum[1]), z = _mm512_load_ps(sum[2]);
  const auto third = [&](__m512i first, __m512i then) HWY_ATTR {
    return _mm512_permutex2var_ps(_mm512_permutex2var_ps(x, first, y), then, z);
  };
  const __m512 a =
      third(_mm512_setr_epi32(0, 16, 0, 1, 17, 0, 2, 18, 0, 3, 19, 0, 4, 20, 0, 5),
            _mm512_setr_epi32(0, 1, 16, 3, 4, 17, 6, 7, 18, 9, 10, 19, 12, 13, 20, 15));
  const __m512 b =
      third(_mm512_setr_epi32(21, 0, 6, 22, 0, 7, 23, 0, 8, 24, 0, 9, 25, 0, 10, 26),
            _mm512_setr_epi32(0, 21, 2, 3, 22, 5, 6, 23, 8, 9, 24, 11, 12, 25, 14, 15));
  const __m512 c =
      third(_mm512_setr_epi32(0, 11, 27, 0, 12, 28, 0, 13, 29, 0, 14, 30, 0, 15, 31, 0),
            _mm512_setr_epi32(26, 1, 2, 27, 4, 5, 28, 7, 8, 29, 10, 11, 30, 13, 14, 31));
  if (large && reinterpret_cast<uintptr_t>(to) % 64 == 0) {
    _mm512_stream_ps(to, a);
    _mm512_stream_ps(to + 16, b);
    _mm512_stream_ps(to + 32, c);
  } else {
    _mm512_storeu_ps(to, a);
    _mm512_storeu_ps(to + 16, b);
    _mm512_storeu_ps(to + 32, c);
  }
}
#endif

template <int kAxes>
HWY_INLINE void storeCoordinates(const float (*sum)[kLanes], int64_t n, bool large, float* to) {
  const F32 d;
#if HWY_TARGET == HWY_AVX3
  if (kAxes == 3 && HWY_LIKELY(n == kLanes)) return storeSixteen(sum, large, to);
#else
  static_cast<void>(large);
#endif
  HWY_ALIGN float padded[kAxes * kLanes];
  float* out = HWY_LIKELY(n == kLanes) ? to : padded;
  if constexpr (kAxes == 3) {
    hn::StoreInterleaved3(hn::Load(d, sum[0]), hn::Load(d, sum[1]), hn::Load(d, sum[2]), d, out);
  } else {
    hn::StoreInterleaved2(hn::Load(d, sum[0]), hn::Load(d, sum[1]), d, out);
  }
  for (int64_t k = 0; out == padded && k < kAxes * n; ++k) to[k] = padded[k];
}

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
  const bool large = args.batch * positions * kAxes * int64_t{sizeof(float)} >= kStreamedBytes;
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
          storeCoordinates<kAxes>(sums[k], batch.lanes[k], large,
                                  gradient + kAxes * batch.first[k]);
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
