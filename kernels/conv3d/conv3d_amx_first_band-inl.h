// The input of one task in scratch memory, as matrices of taps by voxels want it. Included after
// core/simd_begin.h, once an instruction set.
#include "conv3d/conv3d_amx_first.h"
#include "conv3d/conv3d_bf16.h"
#include "conv3d/conv3d_band-inl.h"
#include "conv3d/conv3d_pairs-inl.h"

#if defined(VK_CONV3D_AMX_FIRST_BAND_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_CONV3D_AMX_FIRST_BAND_INL_H
#undef VK_CONV3D_AMX_FIRST_BAND_INL_H
#else
#define VK_CONV3D_AMX_FIRST_BAND_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_AVX3

class AmxFirstBand {
 public:
  AmxFirstBand(const Conv3dArgs& args, const AmxFirstTiling& tiling, const Conv3dTask& task,
               float* scratch)
      : args_(args),
        tiling_(tiling),
        task_(task),
        scratch_(scratch),
        input_(args),
        firstChannel_((task.image * args.groups + task.group) * args.inChannels),
        exact_(args.accuracy < kConv3dBf16Error) {}

  /** Whether there are low parts. */
  bool exact() const { return exact_; }
  /** The lines of an output row's taps, of the first channel. */
  HWY_ATTR const float* lines(int64_t row, int64_t run) const {
    return scratch_ + run * tiling_.runWords +
           row * tiling_.band.stride[1] * tiling_.lines * kWords;
  }

  /** Brings in what the task's output plane i needs; i goes up one by one. Returns in which order
   * the planes of the kernel lie. */
  HWY_ATTR int64_t load(int64_t i) {
    const int64_t first = i * tiling_.band.stride[0];
    const int64_t end = first + args_.kernel[0];
    if (first > plane_) beginPlane(first);
    while (plane_ < end) copyRows(inputRows());
    return first % args_.kernel[0];
  }

  /** Brings in a part of the next plane, while the current one is being computed: where rows lay
   * that outputs from `row` on do not read. */
  HWY_ATTR void advance(int64_t row, int64_t i) {
    if (i + 1 == task_.planes || tiling_.band.stride[0] != 1) return;
    // Strides of more rows than the kernel has go beyond the last one.
    const int64_t end = row * tiling_.band.stride[1];
    copyRows(end < inputRows() ? end : inputRows());
  }

 private:
  static constexpr int64_t kWords = 16;

  HWY_ATTR int64_t inputRows() const {
    return (task_.rows - 1) * tiling_.band.stride[1] + args_.kernel[1];
  }

  HWY_ATTR void beginPlane(int64_t p) {
    plane_ = p;
    row_ = 0;
  }

  /** Up to row `end` of the plane that is being copied. */
  HWY_ATTR void copyRows(int64_t end) {
    const int64_t z =
        task_.plane * args_.stride[0] - args_.paddingBegin[0] + plane_ * tiling_.band.step[0];
    const int64_t slot = plane_ % args_.kernel[0];
    for (; row_ < end; ++row_) {
      const int64_t y =
          task_.row * args_.stride[1] - args_.paddingBegin[1] + row_ * tiling_.band.step[1];
      const bool inside = z >= 0 && z < args_.inSize[0] && y >= 0 && y < args_.inSize[1];
      for (int64_t c = 0; c < args_.inChannels; ++c) {
        copyRow(inside ? input_.row(firstChannel_ + c, z, y) : nullptr, slot,
                scratch_ + c * tiling_.channelWords + row_ * tiling_.lines * kWords);
      }
    }
    if (row_ >= inputRows()) beginPlane(plane_ + 1);
  }

  /** A row of the input; zeros if null. */
  VK_BF16_ATTR void copyRow(const float* from, int64_t slot, float* to) const {
    const int64_t pairs = args_.kernel[2] / 2;
    float* const odd = to + (args_.kernel[0] * pairs + slot / 2) * kWords;
    to += slot * pairs * kWords;
    // The last of an odd number of planes has no other beside it.
    const __mmask32 half = slot % 2 == 1 ? kSecond : slot + 1 == args_.kernel[0] ? kBoth : kFirst;
    if (args_.stride[2] == 1 && (args_.kernel[2] - 1) * args_.dilation[2] <= kWords) {
      copyNear(from, to, odd, half);
      return;
    }
    for (int64_t run = 0; run < tiling_.runs; ++run) {
      const int64_t first = run * kWords * args_.stride[2] - args_.paddingBegin[2];
      for (int64_t pair = 0; pair < pairs; ++pair) {
        write(taps(from, first + 2 * pair * args_.dilation[2]),
              taps(from, first + (2 * pair + 1) * args_.dilation[2]), kBoth,
              to + run * tiling_.runWords + pair * kWords);
      }
      if (args_.kernel[2] % 2 == 0) continue;
      const __m512 last = taps(from, first + 2 * pairs * args_.dilation[2]);
      write(half == kSecond ? _mm512_setzero_ps() : last,
            half == kSecond ? last : _mm512_setzero_ps(), half, odd + run * tiling_.runWords);
    }
  }

  /** Where all taps of 16 voxels lie within 32: these are rounded once, and lines picked from them.
   */
  VK_BF16_ATTR void copyNear(const float* from, float* to, float* odd, __mmask32 half) const {
    const int64_t pairs = args_.kernel[2] / 2;
    const auto dilation = static_cast<int32_t>(args_.dilation[2]);
    const __m512i both =
        _mm512_set_epi32(0xF000F, 0xE000E, 0xD000D, 0xC000C, 0xB000B, 0xA000A, 0x90009, 0x80008,
                         0x70007, 0x60006, 0x50005, 0x40004, 0x30003, 0x20002, 0x10001, 0);
    const auto split = [](__m512 values, __m256i& high, __m256i& low) VK_BF16_ATTR {
      high = (__m256i)_mm512_cvtneps_pbh(values);
      const __m512i back = _mm512_slli_epi32(_mm512_cvtepu16_epi32(high), 16);
      low = (__m256i)_mm512_cvtneps_pbh(_mm512_sub_ps(values, _mm512_castsi512_ps(back)));
    };
    __m256i high, low;
    split(taps(from, -args_.paddingBegin[2]), high, low);
    for (int64_t run = 0; run < tiling_.runs; ++run) {
      __m256i nextHigh, nextLow;
      split(taps(from, (run + 1) * kWords - args_.paddingBegin[2]), nextHigh, nextLow);
      const __m512i highs = _mm512_inserti64x4(_mm512_castsi256_si512(high), nextHigh, 1);
      const __m512i lows = _mm512_inserti64x4(_mm512_castsi256_si512(low), nextLow, 1);
      const auto put = [&](int32_t first, int32_t second, __mmask32 halves, __mmask32 zeroed,
                           float* line) HWY_ATTR {
        const __m512i at = _mm512_add_epi16(both, _mm512_set1_epi32(second << 16 | first));
        line += run * tiling_.runWords;
        _mm512_mask_storeu_epi16(line, halves, _mm512_maskz_permutexvar_epi16(zeroed, at, highs));
        if (!exact_) return;
        _mm512_mask_storeu_epi16(line + tiling_.partWords, halves,
                                 _mm512_maskz_permutexvar_epi16(zeroed, at, lows));
      };
      int32_t tap = 0;
      for (int64_t pair = 0; pair < pairs; ++pair, tap += 2 * dilation) {
        put(tap, tap + dilation, kBoth, kBoth, to + pair * kWords);
      }
      if (args_.kernel[2] % 2 == 1) put(tap, tap, half, half == kBoth ? kFirst : half, odd);
      high = nextHigh;
      low = nextLow;
    }
  }

  static constexpr __mmask32 kFirst = 0x55555555u;
  static constexpr __mmask32 kSecond = 0xAAAAAAAAu;
  static constexpr __mmask32 kBoth = 0xFFFFFFFFu;

  /** What a tap reads of 16 voxels. */
  HWY_ATTR HWY_INLINE __m512 taps(const float* from, int64_t first) const {
    if (from == nullptr) return _mm512_setzero_ps();
    const int64_t stride = args_.stride[2];
    const int64_t width = args_.inSize[2];
    if (stride == 1 && first >= 0 && first + kWords <= width) return _mm512_loadu_ps(from + first);
    const __mmask16 lanes = static_cast<__mmask16>(lanesBelow(chunkCount(width - first, stride)) &
                                                   ~lanesBelow(chunkCount(-first, stride)));
    const auto at =
        reinterpret_cast<uintptr_t>(from) + static_cast<uintptr_t>(first) * sizeof(float);
    if (stride == 1) return _mm512_maskz_loadu_ps(lanes, reinterpret_cast<const float*>(at));
    const __m512i numbers = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    return _mm512_mask_i32gather_ps(
        _mm512_setzero_ps(), lanes,
        _mm512_mullo_epi32(numbers, _mm512_set1_epi32(static_cast<int32_t>(stride))),
        reinterpret_cast<const float*>(at), 4);
  }

  static HWY_ATTR uint32_t lanesBelow(int64_t count) {
    return count <= 0 ? 0 : count >= kWords ? 0xFFFFu : (1u << count) - 1;
  }

  /** Writes the halves that `halves` says of the words of high parts and of low parts. */
  VK_BF16_ATTR HWY_INLINE void write(__m512 first, __m512 second, __mmask32 halves,
                                     float* to) const {
    const __m512i high = pairsOf(first, second);
    _mm512_mask_storeu_epi16(to, halves, high);
    if (!exact_) return;
    const __m512 firstHigh = _mm512_castsi512_ps(_mm512_slli_epi32(high, 16));
    const __m512 secondHigh =
        _mm512_castsi512_ps(_mm512_and_si512(high, _mm512_set1_epi32(int32_t(0xFFFF0000u))));
    _mm512_mask_storeu_epi16(
        to + tiling_.partWords, halves,
        pairsOf(_mm512_sub_ps(first, firstHigh), _mm512_sub_ps(second, secondHigh)));
  }

  const Conv3dArgs& args_;
  const AmxFirstTiling& tiling_;
  const Conv3dTask& task_;
  float* scratch_;
  PlainInput input_;
  /** Of the task's image and group. */
  int64_t firstChannel_;
  bool exact_;
  /** The next to copy. */
  int64_t plane_ = 0;
  int64_t row_ = 0;
};

#endif

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
