// Pairs of input channels as bfloat16, a word each, for the kernels that multiply those. Included
// after core/simd_begin.h, once an instruction set.
#include <cstdint>

#if defined(VK_CONV3D_PAIRS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_CONV3D_PAIRS_INL_H
#undef VK_CONV3D_PAIRS_INL_H
#else
#define VK_CONV3D_PAIRS_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {

// Highway's AVX3 target is without these instructions. The registry runs this code only where they
// are; as rows of the other instruction sets there is none.
#if HWY_TARGET == HWY_AVX3
#ifndef VK_BF16_ATTR
#define VK_BF16_ATTR __attribute__((target("avx512bf16")))
#endif

/** A pair of channels a word, the first in its low half, rounded to nearest even. */
VK_BF16_ATTR inline __m512i pairsOf(__m512 first, __m512 second) {
  const __m512i low = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(first));
  const __m512i high = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(second));
  return _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
}

/** What rounding to bfloat16 leaves of the values; NaN of an infinity. */
VK_BF16_ATTR inline __m512 restOf(__m512 values) {
  const __m512i bits = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(values));
  return _mm512_sub_ps(values, _mm512_castsi512_ps(_mm512_slli_epi32(bits, 16)));
}

/** Without a second row its values are 0. */
VK_BF16_ATTR inline void pairRows(const float* first, const float* second, int64_t count,
                                  float* pairs) {
  for (int64_t x = 0; x < count; x += 16) {
    const int64_t left = count - x;
    const __mmask16 lanes = static_cast<__mmask16>(left < 16 ? (1u << left) - 1 : 0xFFFFu);
    const __m512 a = _mm512_maskz_loadu_ps(lanes, first + x);
    const __m512 b =
        second != nullptr ? _mm512_maskz_loadu_ps(lanes, second + x) : _mm512_setzero_ps();
    _mm512_mask_storeu_ps(pairs + x, lanes, _mm512_castsi512_ps(pairsOf(a, b)));
  }
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
