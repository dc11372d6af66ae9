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

/** How the cells of one vector are treated; the same for every channel. */
struct Placement {
  bool slow;     // lane by lane, at `original`
  bool clamped;  // some lane is not in the interior
  bool nothing;  // no lane is sampled
  Cells original;
  Clamped at;
};

/** All eight neighbours exist for every lane. */
HWY_INLINE bool allInterior(const Frame& frame, const Cells& cells) {
  const I32 di;
  const int32_t last[3] = {int32_t(frame.size[0] - 2), int32_t(frame.size[1] - 2),
                           int32_t(frame.size[2] - 2)};
  return hn::AllTrue(di, within(cells.x, cells.y, cells.z, last));
}

template <bool kCubic>
HWY_INLINE Placement place(const Frame& frame, const Cells& cells) {
  const F32 d;
  Placement placement;
  placement.original = cells;
  placement.at.cells = cells;
  placement.nothing = false;
  placement.slow = kCubic;
  placement.clamped = false;
  if (!kCubic && HWY_LIKELY(allInterior(frame, cells))) return placement;
  placement.clamped = true;
  placement.at = clampCells(frame, cells);
  placement.nothing = hn::AllFalse(d, placement.at.sampled);
  const vk_border border = frame.args->border;
  placement.slow =
      kCubic || frame.size[0] == 1 || border == VK_BORDER_MIRROR || border == VK_BORDER_PERIODIC;
  return placement;
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

template <class Offset>
HWY_INLINE VecF valueAt(const Frame& frame, const float* moving, const Strides& strides,
                        const Offset* offsets, const Placement& placement) {
  const F32 d;
  const VecF fill = hn::Set(d, float(frame.args->fillValue));
  if (placement.nothing) return fill;
  if (placement.slow) return slowValue(frame, moving, placement.original);
  VecF value = linearValue(moving, strides, offsets, placement.at.cells);
  // A neighbour that is NaN or infinite may have had weight 0: look again, with care.
  if (HWY_UNLIKELY(!hn::AllTrue(d, hn::Eq(value, value)))) {
    value = carefulValue(moving, strides, offsets, placement.at.cells);
  }
  return placement.clamped ? hn::IfThenElse(placement.at.sampled, value, fill) : value;
}

template <class Offset>
HWY_INLINE Slope slopeAt(const Frame& frame, const float* moving, const Strides& strides,
                         const Offset* offsets, const Placement& placement) {
  const F32 d;
  if (placement.nothing) return {hn::Zero(d), hn::Zero(d), hn::Zero(d)};
  if (placement.slow) return slowSlope(frame, moving, placement.original);
  Slope slope = linearSlope(moving, strides, offsets, placement.at.cells);
  if (placement.clamped) {
    const auto sum = hn::Add(hn::Add(slope.x, slope.y), slope.z);
    if (HWY_UNLIKELY(!hn::AllTrue(d, hn::Eq(sum, sum)))) {
      slope = carefulSlope(moving, strides, offsets, placement.at);
    }
    const Clamped& at = placement.at;
    slope.x = hn::IfThenZeroElse(at.movedX, hn::IfThenElseZero(at.sampled, slope.x));
    slope.y = hn::IfThenZeroElse(at.movedY, hn::IfThenElseZero(at.sampled, slope.y));
    slope.z = hn::IfThenZeroElse(at.movedZ, hn::IfThenElseZero(at.sampled, slope.z));
  }
  const VecF sum = hn::Add(hn::Add(slope.x, slope.y), slope.z);
  const auto finite = hn::Eq(hn::Sub(sum, sum), hn::Zero(d));
  slope.x = hn::IfThenElseZero(finite, slope.x);
  slope.y = hn::IfThenElseZero(finite, slope.y);
  slope.z = hn::IfThenElseZero(finite, slope.z);
  return slope;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif
