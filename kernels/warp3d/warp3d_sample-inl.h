// Value and slope of the moving image in any cells: interior, at a border, outside, beside a NaN.
// Included once an instruction set.
#if defined(VK_WARP3D_SAMPLE_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_WARP3D_SAMPLE_INL
#undef VK_WARP3D_SAMPLE_INL
#else
#define VK_WARP3D_SAMPLE_INL
#endif

#include "warp3d/warp3d_linear-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace {

/** All eight neighbours exist for every lane. */
HWY_INLINE bool allInterior(const Frame& frame, const Cells& cells) {
  const I32 di;
  const int32_t last[3] = {int32_t(frame.size[0] - 2), int32_t(frame.size[1] - 2),
                           int32_t(frame.size[2] - 2)};
  return hn::AllTrue(di, within(cells.x, cells.y, cells.z, last));
}

/** Whether border cells of this call go lane by lane. */
HWY_INLINE bool bordersAreSlow(const Frame& frame) {
  const vk_border border = frame.args->border;
  return frame.size[0] == 1 || border == VK_BORDER_MIRROR || border == VK_BORDER_PERIODIC;
}

inline HWY_NOINLINE VecF slowValue(const Frame& frame, const float* moving, const Cells& cells) {
  const F32 d;
  const Warp3dArgs& args = *frame.args;
  const CellLanes lanes(cells);
  HWY_ALIGN float values[kLanes];
  for (int64_t k = 0; k < kLanes; ++k) {
    double p[3];
    lanes.position(k, p);
    values[k] = warp3dIsSampled(p, frame.size, args.border)
                    ? float(warp3dSample(moving, frame.size, p, args.interpolation, args.border))
                    : float(args.fillValue);
  }
  return hn::Load(d, values);
}

inline HWY_NOINLINE Slope slowSlope(const Frame& frame, const float* moving, const Cells& cells) {
  const F32 d;
  const Warp3dArgs& args = *frame.args;
  const CellLanes lanes(cells);
  HWY_ALIGN float values[3][kLanes];
  for (int64_t k = 0; k < kLanes; ++k) {
    double p[3];
    double slope[3] = {0, 0, 0};
    lanes.position(k, p);
    if (warp3dIsSampled(p, frame.size, args.border)) {
      warp3dSlope(moving, frame.size, p, args.interpolation, args.border, slope);
    }
    for (int r = 0; r < 3; ++r) values[r][k] = float(slope[r]);
  }
  return {hn::Load(d, values[0]), hn::Load(d, values[1]), hn::Load(d, values[2])};
}

/** Values in cells whose neighbours all exist. */
template <class Offset>
HWY_INLINE VecF interiorValue(const float* moving, const Strides& strides, const Offset* offsets,
                              const Cells& cells) {
  const F32 d;
  const VecF value = linearValue(moving, strides, offsets, cells);
  // A neighbour that is NaN or infinite may have had weight 0: look again, with care.
  if (HWY_UNLIKELY(!hn::AllTrue(d, hn::Eq(value, value)))) {
    return carefulValue(moving, strides, offsets, cells);
  }
  return value;
}

/** Slopes in cells whose neighbours all exist; 0 where not finite. */
template <class Offset>
HWY_INLINE Slope interiorSlope(const float* moving, const Strides& strides, const Offset* offsets,
                               const Cells& cells) {
  const F32 d;
  const Slope slope = linearSlope(moving, strides, offsets, cells);
  const VecF sum = hn::Add(hn::Add(slope.x, slope.y), slope.z);
  const auto finite = hn::Eq(hn::Sub(sum, sum), hn::Zero(d));
  return {hn::IfThenElseZero(finite, slope.x), hn::IfThenElseZero(finite, slope.y),
          hn::IfThenElseZero(finite, slope.z)};
}

/** Cells at a border: clamped ones are as fast as others, folded ones go lane by lane. */
template <class Offset>
struct BorderCells {
  bool slow;
  bool nothing;
  const Cells* original;
  Clamped at;
  HWY_ALIGN Offset offsets[kLanes];

  HWY_INLINE BorderCells(const Frame& frame, const Cells& cells, bool cubic)
      : slow(cubic || bordersAreSlow(frame)), nothing(false), original(&cells), offsets() {
    if (slow) return;
    const F32 d;
    at = clampCells(frame, cells);
    nothing = hn::AllFalse(d, at.sampled);
    if (!nothing) cellOffsets(frame, at.cells, offsets);
  }

  HWY_INLINE Slope slope(const Frame& frame, const float* moving, const Strides& strides) const {
    const F32 d;
    if (slow) return slowSlope(frame, moving, *original);
    if (nothing) return {hn::Zero(d), hn::Zero(d), hn::Zero(d)};
    Slope s = linearSlope(moving, strides, offsets, at.cells);
    const VecF sum = hn::Add(hn::Add(s.x, s.y), s.z);
    if (HWY_UNLIKELY(!hn::AllTrue(d, hn::Eq(sum, sum)))) {
      s = carefulSlope(moving, strides, offsets, at);
    }
    s.x = hn::IfThenZeroElse(at.movedX, hn::IfThenElseZero(at.sampled, s.x));
    s.y = hn::IfThenZeroElse(at.movedY, hn::IfThenElseZero(at.sampled, s.y));
    s.z = hn::IfThenZeroElse(at.movedZ, hn::IfThenElseZero(at.sampled, s.z));
    const VecF kept = hn::Add(hn::Add(s.x, s.y), s.z);
    const auto finite = hn::Eq(hn::Sub(kept, kept), hn::Zero(d));
    return {hn::IfThenElseZero(finite, s.x), hn::IfThenElseZero(finite, s.y),
            hn::IfThenElseZero(finite, s.z)};
  }
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif
