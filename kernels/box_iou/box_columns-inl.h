// Boxes as one array a coordinate, and the overlap of a vector of them. Included after
// core/simd_begin.h, once an instruction set.
#include "box_iou/box_iou.h"
#include "core/scratch.h"

#if defined(VK_BOX_IOU_BOX_COLUMNS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_BOX_IOU_BOX_COLUMNS_INL_H
#undef VK_BOX_IOU_BOX_COLUMNS_INL_H
#else
#define VK_BOX_IOU_BOX_COLUMNS_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using BoxTag = hn::ScalableTag<float>;
using BoxVector = hn::Vec<BoxTag>;

/** Boxes turned into one array a coordinate are padded to a multiple of this, the most lanes there
 * are. */
constexpr int64_t kBoxLine = 16;

struct BoxLanes {
  float* low[3];
  float* high[3];
  /** NaN where a coordinate is NaN or out of range. */
  float* volume;
};

HWY_ATTR inline void transposeBoxes(const Boxes& boxes, int64_t begin, int64_t end,
                                    const BoxLanes& to) {
  const int n = boxes.dimensions;
  for (int64_t i = begin; i < end; ++i) {
    const float* const box = static_cast<const float*>(boxes.data) + i * 2 * n;
    float volume = 1;
    bool usable = true;
    for (int axis = 0; axis < n; ++axis) {
      const float low = box[axis], high = box[n + axis];
      constexpr float kLargest = static_cast<float>(kLargestBoxCoordinate);
      usable =
          usable && low >= -kLargest && low <= kLargest && high >= -kLargest && high <= kLargest;
      to.low[axis][i - begin] = low;
      to.high[axis][i - begin] = high;
      volume *= high > low ? high - low : 0.0f;
    }
    to.volume[i - begin] = usable ? volume : __builtin_nanf("");
  }
}

/** Of boxes of which each has a volume by transposeBoxes. */
template <int kDimensions, vk_box_overlap kKind>
HWY_ATTR HWY_INLINE BoxVector boxOverlap(const BoxVector* aLow, const BoxVector* aHigh,
                                         BoxVector aVolume, const BoxVector* bLow,
                                         const BoxVector* bHigh, BoxVector bVolume) {
  const BoxTag d;
  const BoxVector zero = hn::Zero(d);
  BoxVector common = hn::Set(d, 1.0f), hull = common, diagonal = zero, distance = zero;
  for (int axis = 0; axis < kDimensions; ++axis) {
    const BoxVector inner =
        hn::Sub(hn::Min(aHigh[axis], bHigh[axis]), hn::Max(aLow[axis], bLow[axis]));
    common = hn::Mul(common, hn::Max(inner, zero));
    if (kKind == VK_BOX_IOU) continue;
    const BoxVector outer =
        hn::Max(hn::Sub(hn::Max(aHigh[axis], bHigh[axis]), hn::Min(aLow[axis], bLow[axis])), zero);
    hull = hn::Mul(hull, outer);
    if (kKind == VK_BOX_GIOU) continue;
    // Differences first: coordinates may be large beside the extents.
    const BoxVector between =
        hn::Add(hn::Sub(aLow[axis], bLow[axis]), hn::Sub(aHigh[axis], bHigh[axis]));
    distance = hn::MulAdd(between, between, distance);
    diagonal = hn::MulAdd(outer, outer, diagonal);
  }
  const BoxVector both = hn::Sub(hn::Add(aVolume, bVolume), common);
  // NaN stays: it is not less than or equal to 0.
  const BoxVector iou = hn::IfThenZeroElse(hn::Le(both, zero), hn::Div(common, both));
  if (kKind == VK_BOX_GIOU) {
    const BoxVector share = hn::Div(hn::Sub(hull, both), hull);
    return hn::Sub(iou, hn::IfThenZeroElse(hn::Le(hull, zero), share));
  }
  if (kKind == VK_BOX_DIOU) {
    const BoxVector share = hn::Div(hn::Mul(hn::Set(d, 0.25f), distance), diagonal);
    return hn::Sub(iou, hn::IfThenZeroElse(hn::Le(diagonal, zero), share));
  }
  return iou;
}

HWY_ATTR inline BoxLanes boxLanesOf(WorkspaceLayout& layout, int64_t count) {
  const int64_t padded = (count + kBoxLine - 1) / kBoxLine * kBoxLine;
  BoxLanes columns;
  for (int axis = 0; axis < 3; ++axis) columns.low[axis] = layout.take<float>(padded);
  for (int axis = 0; axis < 3; ++axis) columns.high[axis] = layout.take<float>(padded);
  columns.volume = layout.take<float>(padded);
  return columns;
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();
#endif
