// Trilinear interpolation of one vector of samples. Included once an instruction set.
#if defined(VK_WARP3D_LINEAR_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_WARP3D_LINEAR_INL
#undef VK_WARP3D_LINEAR_INL
#else
#define VK_WARP3D_LINEAR_INL
#endif

#include "warp3d/warp3d_cells-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace {

/** Values at x and x + 1. */
struct Pairs {
  VecF at0, at1;
};

/** The two neighbours along x of every lane, by 8-byte loads put together with shuffles: on Zen 4
 * that takes half the time of gather instructions. */
template <class Offset>
HWY_INLINE Pairs loadPairs(const float* moving, const Offset* offsets) {
#if HWY_TARGET == HWY_AVX3
  const auto two = [moving](Offset a, Offset b) HWY_ATTR {
    const __m128 first = _mm_castpd_ps(_mm_load_sd(reinterpret_cast<const double*>(moving + a)));
    return _mm_loadh_pi(first, reinterpret_cast<const __m64*>(moving + b));
  };
  const auto eight = [&two, offsets](int first) HWY_ATTR {
    const __m256 low =
        _mm256_insertf128_ps(_mm256_castps128_ps256(two(offsets[first], offsets[first + 1])),
                             two(offsets[first + 4], offsets[first + 5]), 1);
    const __m256 high =
        _mm256_insertf128_ps(_mm256_castps128_ps256(two(offsets[first + 8], offsets[first + 9])),
                             two(offsets[first + 12], offsets[first + 13]), 1);
    return _mm512_insertf32x8(_mm512_castps256_ps512(low), high, 1);
  };
  const __m512 a = eight(0);
  const __m512 b = eight(2);
  return {VecF{_mm512_shuffle_ps(a, b, 0x88)}, VecF{_mm512_shuffle_ps(a, b, 0xDD)}};
#elif HWY_TARGET == HWY_AVX2
  const auto two = [moving](Offset a, Offset b) HWY_ATTR {
    const __m128 first = _mm_castpd_ps(_mm_load_sd(reinterpret_cast<const double*>(moving + a)));
    return _mm_loadh_pi(first, reinterpret_cast<const __m64*>(moving + b));
  };
  const auto four = [&two, offsets](int first) HWY_ATTR {
    return _mm256_insertf128_ps(_mm256_castps128_ps256(two(offsets[first], offsets[first + 1])),
                                two(offsets[first + 4], offsets[first + 5]), 1);
  };
  const __m256 a = four(0);
  const __m256 b = four(2);
  return {VecF{_mm256_shuffle_ps(a, b, 0x88)}, VecF{_mm256_shuffle_ps(a, b, 0xDD)}};
#else
  const F32 d;
  HWY_ALIGN float at0[kLanes];
  HWY_ALIGN float at1[kLanes];
  for (int64_t k = 0; k < kLanes; ++k) {
    at0[k] = moving[offsets[k]];
    at1[k] = moving[offsets[k] + 1];
  }
  return {hn::Load(d, at0), hn::Load(d, at1)};
#endif
}

/** Strides of the moving image; an axis of one voxel has stride 0, so that its second neighbour is
 * the first one again. */
struct Strides {
  int64_t y, z;
};

HWY_INLINE Strides stridesOf(const Frame& frame) {
  return {frame.size[1] > 1 ? frame.size[0] : 0,
          frame.size[2] > 1 ? frame.size[0] * frame.size[1] : 0};
}

template <class Offset>
HWY_INLINE void cellOffsets(const Frame& frame, const Cells& cells, Offset* offsets) {
  const I32 di;
  if constexpr (sizeof(Offset) == 4) {
    const VecI rows = hn::Add(hn::Mul(cells.z, hn::Set(di, int32_t(frame.size[1]))), cells.y);
    const VecI voxels = hn::Add(hn::Mul(rows, hn::Set(di, int32_t(frame.size[0]))), cells.x);
    hn::Store(voxels, di, offsets);
  } else {
    HWY_ALIGN int32_t x[kLanes];
    HWY_ALIGN int32_t y[kLanes];
    HWY_ALIGN int32_t z[kLanes];
    hn::Store(cells.x, di, x);
    hn::Store(cells.y, di, y);
    hn::Store(cells.z, di, z);
    for (int64_t k = 0; k < kLanes; ++k) {
      offsets[k] = Offset((z[k] * frame.size[1] + y[k]) * frame.size[0] + x[k]);
    }
  }
}

HWY_INLINE VecF mix(VecF a, VecF b, VecF f) { return hn::MulAdd(f, hn::Sub(b, a), a); }

/** Value of the interpolant in the cells, every one of which is safe to load. */
template <class Offset>
HWY_INLINE VecF linearValue(const float* moving, const Strides& s, const Offset* offsets,
                            const Cells& cells) {
  const Pairs p00 = loadPairs(moving, offsets);
  const Pairs p01 = loadPairs(moving + s.y, offsets);
  const VecF c0 = mix(mix(p00.at0, p00.at1, cells.fx), mix(p01.at0, p01.at1, cells.fx), cells.fy);
  const Pairs p10 = loadPairs(moving + s.z, offsets);
  const Pairs p11 = loadPairs(moving + s.z + s.y, offsets);
  const VecF c1 = mix(mix(p10.at0, p10.at1, cells.fx), mix(p11.at0, p11.at1, cells.fx), cells.fy);
  return mix(c0, c1, cells.fz);
}

/** mix() that lets an end of weight 0 be NaN or infinite. */
HWY_INLINE VecF carefulMix(VecF a, VecF b, VecF f) {
  const F32 d;
  const VecF one = hn::Set(d, 1.0f);
  const VecF inner = hn::MulAdd(f, b, hn::Mul(hn::Sub(one, f), a));
  return hn::IfThenElse(hn::Eq(f, hn::Zero(d)), a, hn::IfThenElse(hn::Eq(f, one), b, inner));
}

/** linearValue() for cells with neighbours that are not finite. */
template <class Offset>
inline HWY_NOINLINE VecF carefulValue(const float* moving, const Strides& s, const Offset* offsets,
                                      const Cells& cells) {
  VecF c[2];
  for (int k = 0; k < 2; ++k) {
    const Pairs p0 = loadPairs(moving + k * s.z, offsets);
    const Pairs p1 = loadPairs(moving + k * s.z + s.y, offsets);
    c[k] = carefulMix(carefulMix(p0.at0, p0.at1, cells.fx), carefulMix(p1.at0, p1.at1, cells.fx),
                      cells.fy);
  }
  return carefulMix(c[0], c[1], cells.fz);
}

struct Slope {
  VecF x, y, z;
};

/** Derivative of the interpolant in the cells. */
template <class Offset>
HWY_INLINE Slope linearSlope(const float* moving, const Strides& s, const Offset* offsets,
                             const Cells& cells) {
  const Pairs p00 = loadPairs(moving, offsets);
  const Pairs p01 = loadPairs(moving + s.y, offsets);
  const VecF d00 = hn::Sub(p00.at1, p00.at0);
  const VecF d01 = hn::Sub(p01.at1, p01.at0);
  const VecF c00 = hn::MulAdd(cells.fx, d00, p00.at0);
  const VecF dy0 = hn::Sub(hn::MulAdd(cells.fx, d01, p01.at0), c00);
  const VecF dx0 = mix(d00, d01, cells.fy);
  const VecF c0 = hn::MulAdd(cells.fy, dy0, c00);
  const Pairs p10 = loadPairs(moving + s.z, offsets);
  const Pairs p11 = loadPairs(moving + s.z + s.y, offsets);
  const VecF d10 = hn::Sub(p10.at1, p10.at0);
  const VecF d11 = hn::Sub(p11.at1, p11.at0);
  const VecF c10 = hn::MulAdd(cells.fx, d10, p10.at0);
  const VecF dy1 = hn::Sub(hn::MulAdd(cells.fx, d11, p11.at0), c10);
  const VecF dx1 = mix(d10, d11, cells.fy);
  const VecF c1 = hn::MulAdd(cells.fy, dy1, c10);
  return {mix(dx0, dx1, cells.fz), mix(dy0, dy1, cells.fz), hn::Sub(c1, c0)};
}

/** mix() that takes the one end that an axis was clamped to. */
HWY_INLINE VecF clampedMix(VecF a, VecF b, VecF f, hn::Mask<F32> moved) {
  const F32 d;
  return hn::IfThenElse(moved, hn::IfThenElse(hn::Eq(f, hn::Zero(d)), a, b), mix(a, b, f));
}

/** linearSlope() for clamped cells with neighbours that are not finite: a voxel that the clamping
 * left out of the sample must not spoil it. */
template <class Offset>
inline HWY_NOINLINE Slope carefulSlope(const float* moving, const Strides& s, const Offset* offsets,
                                       const Clamped& at) {
  const Cells& cells = at.cells;
  VecF value[2];
  VecF dx[2];
  VecF dy[2];
  for (int k = 0; k < 2; ++k) {
    const Pairs p0 = loadPairs(moving + k * s.z, offsets);
    const Pairs p1 = loadPairs(moving + k * s.z + s.y, offsets);
    const VecF c0 = clampedMix(p0.at0, p0.at1, cells.fx, at.movedX);
    const VecF c1 = clampedMix(p1.at0, p1.at1, cells.fx, at.movedX);
    dx[k] = clampedMix(hn::Sub(p0.at1, p0.at0), hn::Sub(p1.at1, p1.at0), cells.fy, at.movedY);
    dy[k] = hn::Sub(c1, c0);
    value[k] = clampedMix(c0, c1, cells.fy, at.movedY);
  }
  return {clampedMix(dx[0], dx[1], cells.fz, at.movedZ),
          clampedMix(dy[0], dy[1], cells.fz, at.movedZ), hn::Sub(value[1], value[0])};
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif
