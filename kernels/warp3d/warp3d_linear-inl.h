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

/** Strides of the moving image; an axis of one voxel has stride 0, so that its second neighbour is
 * the first one again. */
struct Strides {
  int64_t y, z;
};

HWY_INLINE Strides stridesOf(const Frame& frame) {
  return {frame.size[1] > 1 ? frame.size[0] : 0,
          frame.size[2] > 1 ? frame.size[0] * frame.size[1] : 0};
}

#if HWY_TARGET == HWY_AVX3
/** `pairs` with the two floats at `from` in place kAt of four: Zen 4 broadcasts to twice as many
 * half vectors in a cycle as to whole ones. */
template <int kAt>
HWY_INLINE __m256d withPair(__m256d pairs, const float* from) {
  const __m128d two = _mm_load_sd(reinterpret_cast<const double*>(from));
  if constexpr (kAt == 0) return _mm256_castpd128_pd256(two);
  __mmask8 place = __mmask8(1 << kAt);
  // A constant would be put into a mask anew each time; so all three stay there.
  asm("" : "+k"(place));
  return _mm256_mask_broadcastsd_pd(pairs, place, two);
}

/** Pairs of sixteen lanes in halves, those of lanes 0 1 4 5 8 9 12 13 and the others together, so
 * that one in-lane shuffle sorts them. */
struct SixteenPairs {
  __m256d a[2], b[2];
};

/** Puts the lanes 2 kAt, of which kAt is even, and 2 kAt + 1, and the two after, in. */
template <int kRows, int kAt, class Offset>
HWY_INLINE void addFour(const float* const rows[4], const Offset* offsets, SixteenPairs pairs[4]) {
  constexpr int kHalf = kAt / 4, kPlace = kAt % 4;
  const Offset o0 = offsets[2 * kAt], o1 = offsets[2 * kAt + 1];
  const Offset o2 = offsets[2 * kAt + 2], o3 = offsets[2 * kAt + 3];
  for (int k = 0; k < kRows; ++k) {
    __m256d& a = pairs[k].a[kHalf];
    __m256d& b = pairs[k].b[kHalf];
    a = withPair<kPlace>(a, rows[k] + o0);
    a = withPair<kPlace + 1>(a, rows[k] + o1);
    b = withPair<kPlace>(b, rows[k] + o2);
    b = withPair<kPlace + 1>(b, rows[k] + o3);
  }
}

HWY_INLINE __m512 joined(const __m256d (&halves)[2]) {
  return _mm512_castpd_ps(_mm512_insertf64x4(_mm512_castpd256_pd512(halves[0]), halves[1], 1));
}
#elif HWY_TARGET == HWY_AVX2
/** Two pairs of neighbours. */
HWY_INLINE __m128 loadTwo(const float* first, const float* second) {
  const __m128 low = _mm_castpd_ps(_mm_load_sd(reinterpret_cast<const double*>(first)));
  return _mm_loadh_pi(low, reinterpret_cast<const __m64*>(second));
}

/** Pairs of eight lanes, those of lanes 0 1 4 5 and 2 3 6 7 together, so that one in-lane shuffle
 * sorts them. */
struct EightPairs {
  __m256 a, b;
};

template <int kRows, class Offset>
HWY_INLINE void loadEight(const float* const rows[4], const Offset* offsets, EightPairs pairs[4]) {
  const Offset o0 = offsets[0], o1 = offsets[1], o2 = offsets[2], o3 = offsets[3];
  const Offset o4 = offsets[4], o5 = offsets[5], o6 = offsets[6], o7 = offsets[7];
  for (int k = 0; k < kRows; ++k) {
    const float* row = rows[k];
    pairs[k].a = _mm256_insertf128_ps(_mm256_castps128_ps256(loadTwo(row + o0, row + o1)),
                                      loadTwo(row + o4, row + o5), 1);
    pairs[k].b = _mm256_insertf128_ps(_mm256_castps128_ps256(loadTwo(row + o2, row + o3)),
                                      loadTwo(row + o6, row + o7), 1);
  }
}
#endif

/** Neighbours along x of every lane, in the rows y, y + 1 of the slices z, z + 1 (or of one slice,
 * two rows): 8-byte loads put together with shuffles, with AVX-512 by broadcasts under a mask,
 * which on Zen 4 takes half the time of gather instructions. */
template <int kRows = 4, class Offset>
HWY_INLINE void loadNeighbours(const float* moving, const Strides& s, const Offset* offsets,
                               Pairs pairs[4]) {
  const float* const rows[4] = {moving, moving + s.y, moving + s.z, moving + s.z + s.y};
#if HWY_TARGET == HWY_AVX3
  SixteenPairs sixteen[4];
  addFour<kRows, 0>(rows, offsets, sixteen);
  addFour<kRows, 2>(rows, offsets, sixteen);
  addFour<kRows, 4>(rows, offsets, sixteen);
  addFour<kRows, 6>(rows, offsets, sixteen);
  for (int k = 0; k < kRows; ++k) {
    const __m512 p = joined(sixteen[k].a), q = joined(sixteen[k].b);
    pairs[k] = {VecF{_mm512_shuffle_ps(p, q, 0x88)}, VecF{_mm512_shuffle_ps(p, q, 0xDD)}};
  }
#elif HWY_TARGET == HWY_AVX2
  EightPairs eight[4];
  loadEight<kRows>(rows, offsets, eight);
  for (int k = 0; k < kRows; ++k) {
    pairs[k] = {VecF{_mm256_shuffle_ps(eight[k].a, eight[k].b, 0x88)},
                VecF{_mm256_shuffle_ps(eight[k].a, eight[k].b, 0xDD)}};
  }
#else
  const F32 d;
  HWY_ALIGN float at0[kLanes];
  HWY_ALIGN float at1[kLanes];
  for (int k = 0; k < kRows; ++k) {
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      at0[lane] = rows[k][offsets[lane]];
      at1[lane] = rows[k][offsets[lane] + 1];
    }
    pairs[k] = {hn::Load(d, at0), hn::Load(d, at1)};
  }
#endif
}

template <class Offset>
HWY_INLINE void cellOffsets(const Frame& frame, const Cells& cells, Offset* offsets) {
  const I32 di;
  if constexpr (sizeof(Offset) == 4) {
    const VecI rows = hn::Add(hn::Mul(cells.z, hn::Set(di, int32_t(frame.size[1]))), cells.y);
    const VecI voxels = hn::Add(hn::Mul(rows, hn::Set(di, int32_t(frame.size[0]))), cells.x);
    hn::Store(hn::BitCast(hn::Rebind<uint32_t, F32>(), voxels), hn::Rebind<uint32_t, F32>(),
              offsets);
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
  // Lanes are read back as addresses. Without this GCC takes them out of the vector with shuffles,
  // of which there are too many already.
  asm volatile("" : "+m"(*reinterpret_cast<Offset(*)[kLanes]>(offsets)));
}

HWY_INLINE VecF mix(VecF a, VecF b, VecF f) { return hn::MulAdd(f, hn::Sub(b, a), a); }

/** Value of the interpolant in the cells, every one of which is safe to load. */
template <class Offset>
HWY_INLINE VecF linearValue(const float* moving, const Strides& s, const Offset* offsets,
                            const Cells& cells) {
  Pairs p[4];
  loadNeighbours(moving, s, offsets, p);
  const VecF c0 =
      mix(mix(p[0].at0, p[0].at1, cells.fx), mix(p[1].at0, p[1].at1, cells.fx), cells.fy);
  const VecF c1 =
      mix(mix(p[2].at0, p[2].at1, cells.fx), mix(p[3].at0, p[3].at1, cells.fx), cells.fy);
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
  Pairs p[4];
  loadNeighbours(moving, s, offsets, p);
  VecF c[2];
  for (int k = 0; k < 2; ++k) {
    const Pairs& p0 = p[2 * k];
    const Pairs& p1 = p[2 * k + 1];
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
  Pairs p[4];
  loadNeighbours(moving, s, offsets, p);
  const VecF d00 = hn::Sub(p[0].at1, p[0].at0);
  const VecF d01 = hn::Sub(p[1].at1, p[1].at0);
  const VecF c00 = hn::MulAdd(cells.fx, d00, p[0].at0);
  const VecF dy0 = hn::Sub(hn::MulAdd(cells.fx, d01, p[1].at0), c00);
  const VecF dx0 = mix(d00, d01, cells.fy);
  const VecF c0 = hn::MulAdd(cells.fy, dy0, c00);
  const VecF d10 = hn::Sub(p[2].at1, p[2].at0);
  const VecF d11 = hn::Sub(p[3].at1, p[3].at0);
  const VecF c10 = hn::MulAdd(cells.fx, d10, p[2].at0);
  const VecF dy1 = hn::Sub(hn::MulAdd(cells.fx, d11, p[3].at0), c10);
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
  Pairs p[4];
  loadNeighbours(moving, s, offsets, p);
  VecF value[2];
  VecF dx[2];
  VecF dy[2];
  for (int k = 0; k < 2; ++k) {
    const Pairs& p0 = p[2 * k];
    const Pairs& p1 = p[2 * k + 1];
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
