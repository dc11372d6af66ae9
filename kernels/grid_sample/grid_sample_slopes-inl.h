// The derivative of the samples by the grid, vector by vector. Included once an instruction set.
#if defined(VK_GRID_SAMPLE_SLOPES_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_GRID_SAMPLE_SLOPES_INL
#undef VK_GRID_SAMPLE_SLOPES_INL
#else
#define VK_GRID_SAMPLE_SLOPES_INL
#endif

#include "core/simd_math.h"
#include "grid_sample/grid_sample_cells-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace {

/** Whether dL/dgrid is written around the caches. */
HWY_INLINE bool gradientIsLarge(const GridSampleArgs& args) {
  return args.batch * args.positions() * args.axes * int64_t{sizeof(float)} >= kStreamedBytes;
}

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
HWY_INLINE void storeSixteen(__m512 x, __m512 y, __m512 z, bool large, float* to) {
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
HWY_INLINE void storeCoordinates(const VecF sum[3], int64_t n, bool large, float* to) {
  const F32 d;
#if HWY_TARGET == HWY_AVX3
  if (kAxes == 3 && HWY_LIKELY(n == kLanes)) {
    return storeSixteen(sum[0].raw, sum[1].raw, sum[2].raw, large, to);
  }
#else
  static_cast<void>(large);
#endif
  HWY_ALIGN float padded[kAxes * kLanes];
  float* out = HWY_LIKELY(n == kLanes) ? to : padded;
  if constexpr (kAxes == 3) {
    hn::StoreInterleaved3(sum[0], sum[1], sum[2], d, out);
  } else {
    hn::StoreInterleaved2(sum[0], sum[1], d, out);
  }
  for (int64_t k = 0; out == padded && k < kAxes * n; ++k) to[k] = padded[k];
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif
