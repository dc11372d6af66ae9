// The input of one task in scratch memory, as matrices of bfloat16 want it: pairs of channels side
// by side, voxel by voxel. Included after core/simd_begin.h, once an instruction set.
#include "conv3d/conv3d_amx.h"
#include "conv3d/conv3d_band-inl.h"
#include "conv3d/conv3d_pairs-inl.h"

#if defined(VK_CONV3D_AMX_BAND_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_CONV3D_AMX_BAND_INL_H
#undef VK_CONV3D_AMX_BAND_INL_H
#else
#define VK_CONV3D_AMX_BAND_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_AVX3

/** 16 x 16 words. */
HWY_ATTR HWY_INLINE void transpose(__m512 (&rows)[16]) {
  __m512 t[16];
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) {
    t[2 * i] = _mm512_unpacklo_ps(rows[2 * i], rows[2 * i + 1]);
    t[2 * i + 1] = _mm512_unpackhi_ps(rows[2 * i], rows[2 * i + 1]);
  }
  // Column 4 l + c of rows 4 i to 4 i + 3 is now to be in lane l of rows[4 i + c].
#pragma GCC unroll 4
  for (int i = 0; i < 16; i += 4) {
    const __m512d a = _mm512_castps_pd(t[i]), b = _mm512_castps_pd(t[i + 2]);
    const __m512d c = _mm512_castps_pd(t[i + 1]), e = _mm512_castps_pd(t[i + 3]);
    rows[i] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, b));
    rows[i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, b));
    rows[i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(c, e));
    rows[i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(c, e));
  }
  // Then the lanes, as a 4 x 4 matrix for each c.
#pragma GCC unroll 4
  for (int c = 0; c < 4; ++c) {
    const __m512 low = _mm512_shuffle_f32x4(rows[c], rows[4 + c], 0x44);
    const __m512 high = _mm512_shuffle_f32x4(rows[c], rows[4 + c], 0xEE);
    const __m512 nextLow = _mm512_shuffle_f32x4(rows[8 + c], rows[12 + c], 0x44);
    const __m512 nextHigh = _mm512_shuffle_f32x4(rows[8 + c], rows[12 + c], 0xEE);
    t[c] = _mm512_shuffle_f32x4(low, nextLow, 0x88);
    t[4 + c] = _mm512_shuffle_f32x4(low, nextLow, 0xDD);
    t[8 + c] = _mm512_shuffle_f32x4(high, nextHigh, 0x88);
    t[12 + c] = _mm512_shuffle_f32x4(high, nextHigh, 0xDD);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) rows[i] = t[i];
}

/** In memory: 16 x 16 words. */
HWY_ATTR inline void transposeMatrix(float* words) {
  __m512 rows[16];
  for (int i = 0; i < 16; ++i) rows[i] = _mm512_loadu_ps(words + i * 16);
  transpose(rows);
  for (int i = 0; i < 16; ++i) _mm512_storeu_ps(words + i * 16, rows[i]);
}

/** The input of one task in scratch memory, as BandOf has it but voxel by voxel and as so many
 * parts: the second is what rounding leaves of a value. */
template <int64_t kParts>
class AmxBand {
 public:
  AmxBand(const Conv3dArgs& args, const AmxTiling& tiling, const Conv3dTask& task, float* scratch,
          int64_t* taps)
      : args_(args),
        tiling_(tiling),
        task_(task),
        scratch_(scratch),
        taps_(taps),
        input_(args),
        firstChannel_((task.image * args.groups + task.group) * args.inChannels) {}

  const int64_t* taps() const { return taps_; }
  /** Where the voxel lies that the first tap of an output would read at offset 0. */
  HWY_ATTR const float* voxel(int64_t row, int64_t x) const {
    return scratch_ + (row * args_.stride[1] * tiling_.pitch + x * args_.stride[2]) * kAmxPairs;
  }

  /** Brings in what the task's output plane i needs; i goes up one by one. */
  HWY_ATTR void load(int64_t i) {
    const int64_t first = i * args_.stride[0];
    const int64_t end = first + (args_.kernel[0] - 1) * tiling_.band.dilation[0] + 1;
    for (int64_t p = copied_ > first ? copied_ : first; p < end; ++p) copyPlane(p);
    copied_ = end;
    setTaps(first);
    const int64_t next = first + args_.stride[0];
    expected_ = copied_ > next ? copied_ : next;
    expectedEnd_ = i + 1 < task_.planes ? end + args_.stride[0] : expected_;
    expectedRow_ = 0;
    line_ = lineEnd_ = nullptr;
  }

  /** Lines of the cache that the next output plane needs beyond what is there. */
  HWY_ATTR int64_t linesToFetch() const {
    return (expectedEnd_ - expected_) * args_.inChannels * inputRows() *
           chunkCount(args_.inSize[2], kLineFloats);
  }

  /** Fetches `count` more of them into the second-level cache. */
  HWY_ATTR void fetch(int64_t count) {
    for (; count > 0; --count, line_ += kLineFloats) {
      if (line_ >= lineEnd_ && !expectRow()) return;
      __builtin_prefetch(line_, 0, 2);
    }
  }

 private:
  static constexpr int64_t kLineFloats = 16;

  /** The next row to fetch; false if there is none. */
  HWY_ATTR bool expectRow() {
    while (expected_ < expectedEnd_) {
      const int64_t z = planeOf(expected_);
      const int64_t y = rowOf(expectedRow_ / args_.inChannels);
      const int64_t channel = firstChannel_ + expectedRow_ % args_.inChannels;
      if (++expectedRow_ == args_.inChannels * inputRows()) {
        expectedRow_ = 0;
        ++expected_;
      }
      if (inside(z, y)) {
        line_ = input_.row(channel, z, y);
        lineEnd_ = line_ + args_.inSize[2];
        return true;
      }
    }
    return false;
  }

  HWY_ATTR int64_t inputRows() const {
    return (task_.rows - 1) * args_.stride[1] + (args_.kernel[1] - 1) * tiling_.band.dilation[1] +
           1;
  }
  HWY_ATTR int64_t planeOf(int64_t p) const {
    return task_.plane * args_.stride[0] - args_.paddingBegin[0] + p * tiling_.band.step[0];
  }
  HWY_ATTR int64_t rowOf(int64_t q) const {
    return task_.row * args_.stride[1] - args_.paddingBegin[1] + q * tiling_.band.step[1];
  }
  HWY_ATTR bool inside(int64_t z, int64_t y) const {
    return z >= 0 && z < args_.inSize[0] && y >= 0 && y < args_.inSize[1];
  }

  HWY_ATTR void copyPlane(int64_t p) {
    float* const plane = scratch_ + p % tiling_.band.ring * tiling_.planeWords;
    const int64_t z = planeOf(p);
    const int64_t rows = inputRows();
    for (int64_t q = 0; q < rows; ++q) {
      for (int64_t block = 0; block < amxPairBlocks(args_); ++block) {
        float* const row =
            plane + block * kParts * tiling_.partWords + q * tiling_.pitch * kAmxPairs;
        if (inside(z, rowOf(q))) {
          copyRow(block * 2 * kAmxPairs, z, rowOf(q), row);
        } else {
          for (int64_t part = 0; part < kParts; ++part) {
            fillZero(row + part * tiling_.partWords, tiling_.pitch * kAmxPairs);
          }
        }
      }
    }
  }

  /** A row of the pairs from `channel` on, with its padding; each part of it. */
  HWY_ATTR void copyRow(int64_t channel, int64_t z, int64_t y, float* to) const {
    // Of a transposed convolution it may be negative: what lies before the outputs is left out.
    const int64_t begin = args_.paddingBegin[2];
    const int64_t padding = begin < 0 ? 0 : begin < tiling_.pitch ? begin : tiling_.pitch;
    const int64_t first = begin < 0 ? -begin : 0;
    const int64_t room = tiling_.pitch - padding;
    const int64_t voxels = args_.inSize[2] > first ? args_.inSize[2] - first : 0;
    const int64_t count = voxels < room ? voxels : room;
    const float* const from = input_.row(firstChannel_ + channel, z, y) + first;
    const int64_t left = args_.inChannels - channel;
    const int64_t channels = left < 2 * kAmxPairs ? left : 2 * kAmxPairs;
    for (int64_t part = 0; part < kParts; ++part) {
      float* const row = to + part * tiling_.partWords;
      fillZero(row, padding * kAmxPairs);
      fillZero(row + (padding + count) * kAmxPairs, (room - count) * kAmxPairs);
    }
    float* const words = to + padding * kAmxPairs;
    for (int64_t x = 0; x < count; x += 16) {
      copyVoxels<0>(from + x, channels, count - x, words + x * kAmxPairs);
      if constexpr (kParts == 2) {
        copyVoxels<1>(from + x, channels, count - x, words + tiling_.partWords + x * kAmxPairs);
      }
    }
  }

  /** One part of up to 16 voxels. */
  template <int kPart>
  VK_BF16_ATTR void copyVoxels(const float* from, int64_t channels, int64_t count,
                               float* to) const {
    const __mmask16 lanes = static_cast<__mmask16>(count < 16 ? (1u << count) - 1 : 0xFFFFu);
    const int64_t channelFloats = args_.inSize[0] * args_.inSize[1] * args_.inSize[2];
    __m512 words[16];
    if (channels == 2 * kAmxPairs) {
#pragma GCC unroll 16
      for (int64_t pair = 0; pair < 16; ++pair) {
        const float* const first = from + 2 * pair * channelFloats;
        words[pair] = partOf<kPart>(_mm512_maskz_loadu_ps(lanes, first),
                                    _mm512_maskz_loadu_ps(lanes, first + channelFloats));
      }
    } else {
      for (int64_t pair = 0; pair < 16; ++pair) {
        const float* const first = from + 2 * pair * channelFloats;
        const __m512 a =
            2 * pair < channels ? _mm512_maskz_loadu_ps(lanes, first) : _mm512_setzero_ps();
        const __m512 b = 2 * pair + 1 < channels
                             ? _mm512_maskz_loadu_ps(lanes, first + channelFloats)
                             : _mm512_setzero_ps();
        words[pair] = partOf<kPart>(a, b);
      }
    }
    transpose(words);
#pragma GCC unroll 16
    for (int64_t i = 0; i < 16; ++i) {
      if (i < count) _mm512_storeu_ps(to + i * kAmxPairs, words[i]);
    }
  }

  /** Pairs of one part of the values. */
  template <int kPart>
  VK_BF16_ATTR static __m512 partOf(__m512 first, __m512 second) {
    return _mm512_castsi512_ps(kPart == 0 ? pairsOf(first, second)
                                          : pairsOf(restOf(first), restOf(second)));
  }

  /** Where the taps of a plane lie that begins with the ring's plane `first`. */
  HWY_ATTR void setTaps(int64_t first) {
    int64_t* tap = taps_;
    for (int64_t kz = 0; kz < args_.kernel[0]; ++kz) {
      const int64_t plane = (first + kz * tiling_.band.dilation[0]) % tiling_.band.ring;
      for (int64_t ky = 0; ky < args_.kernel[1]; ++ky) {
        const int64_t row = ky * tiling_.band.dilation[1] * tiling_.pitch;
        for (int64_t kx = 0; kx < args_.kernel[2]; ++kx) {
          *tap++ = plane * tiling_.planeWords + (row + kx * args_.dilation[2]) * kAmxPairs;
        }
      }
    }
  }

  const Conv3dArgs& args_;
  const AmxTiling& tiling_;
  const Conv3dTask& task_;
  float* scratch_;
  int64_t* taps_;
  PlainInput input_;
  /** Of the task's image and group. */
  int64_t firstChannel_;
  int64_t copied_ = 0;
  /** Planes that the next output plane needs, of which the first is being fetched, and how many of
   * its rows are under way. */
  int64_t expected_ = 0;
  int64_t expectedEnd_ = 0;
  int64_t expectedRow_ = 0;
  /** What is left of the row that is being fetched. */
  const float* line_ = nullptr;
  const float* lineEnd_ = nullptr;
};

#endif

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
