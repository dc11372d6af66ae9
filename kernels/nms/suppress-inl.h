// Greedy suppression of the boxes of one class. Included after core/simd_begin.h, once an
// instruction set.
#include "nms/box_grid.h"
#include "nms/nms.h"

#if defined(VK_NMS_SUPPRESS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_NMS_SUPPRESS_INL_H
#undef VK_NMS_SUPPRESS_INL_H
#else
#define VK_NMS_SUPPRESS_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** One box, in every lane, against blocks of others. */
template <int kDimensions>
class Suppressor {
 public:
  HWY_ATTR Suppressor(const BoxColumns& columns, int64_t position, float threshold)
      : volume_(hn::Set(D(), columns.volume[position])), threshold_(hn::Set(D(), threshold)) {
    for (int axis = 0; axis < kDimensions; ++axis) {
      low_[axis] = hn::Set(D(), columns.low[axis][position]);
      high_[axis] = hn::Set(D(), columns.high[axis][position]);
    }
  }

  /** A bit for each box of the block that this one suppresses. */
  HWY_ATTR HWY_INLINE uint32_t suppressed(const BoxColumns& columns, int64_t block) const {
    const D d;
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
    uint32_t bits = 0;
    for (int64_t lane = 0; lane < kBoxBlock; lane += lanes) {
      const int64_t at = block * kBoxBlock + lane;
      V common = extent(columns, 0, at);
      for (int axis = 1; axis < kDimensions; ++axis) {
        common = hn::Mul(common, extent(columns, axis, at));
      }
      const V both = hn::Sub(hn::Add(volume_, hn::LoadU(d, columns.volume + at)), common);
      uint16_t part = 0;
      hn::StoreMaskBits(d, hn::Gt(common, hn::Mul(threshold_, both)),
                        reinterpret_cast<uint8_t*>(&part));
      bits |= static_cast<uint32_t>(part) << lane;
    }
    return bits;
  }

 private:
  using D = hn::ScalableTag<float>;
  using V = hn::Vec<D>;

  HWY_ATTR HWY_INLINE V extent(const BoxColumns& columns, int axis, int64_t at) const {
    const D d;
    const V low = hn::Max(low_[axis], hn::LoadU(d, columns.low[axis] + at));
    const V high = hn::Min(high_[axis], hn::LoadU(d, columns.high[axis] + at));
    return hn::Max(hn::Sub(high, low), hn::Zero(d));
  }

  V low_[kDimensions];
  V high_[kDimensions];
  V volume_;
  V threshold_;
};

HWY_ATTR HWY_INLINE bool isDead(const BoxColumns& columns, int64_t position) {
  return (columns.dead[position / kBoxBlock] >> (position % kBoxBlock) & 1) != 0;
}

/** Goes through a class's `count` members, the best first: kept(member), which says whether to go
 * on, for each that none of those before suppresses, then lost(member, keptMember) for each that it
 * suppresses. kept and lost are marked HWY_ATTR. A box that is not comparable is kept. */
template <int kDimensions, class BoxOf, class Kept, class Lost>
HWY_ATTR void suppressInGrid(const BoxGridMemory& memory, const Boxes& boxes, float threshold,
                             int64_t begin, int64_t count, BoxOf&& boxOf, Kept&& kept,
                             Lost&& lost) {
  const BoxGrid grid(memory, boxes, threshold, begin, count, boxOf);
  const BoxColumns& columns = grid.columns();
  for (int64_t i = 0; i < count; ++i) {
    const int64_t position = grid.positionOf(i);
    if (position < 0) {
      if (!kept(i)) return;
      continue;
    }
    if (isDead(columns, position)) continue;
    if (!kept(i)) return;
    columns.dead[position / kBoxBlock] |= static_cast<uint16_t>(1 << (position % kBoxBlock));
    const Suppressor<kDimensions> box(columns, position, threshold);
    grid.forRunsNear(position, [&](int64_t from, int64_t to) HWY_ATTR {
      for (int64_t block = from / kBoxBlock; block * kBoxBlock < to; ++block) {
        const uint32_t before = columns.dead[block];
        if (before == 0xFFFF) continue;
        uint32_t fresh = box.suppressed(columns, block) & ~before;
        columns.dead[block] = static_cast<uint16_t>(before | fresh);
        for (; fresh != 0; fresh &= fresh - 1) {
          lost(grid.memberAt(block * kBoxBlock + __builtin_ctz(fresh)), i);
        }
      }
    });
  }
}

/** The same for up to one block of members. */
template <int kDimensions, class BoxOf, class Kept, class Lost>
HWY_ATTR void suppressInBlock(const Boxes& boxes, float threshold, int64_t count, BoxOf&& boxOf,
                              Kept&& kept, Lost&& lost) {
  float values[7][kBoxBlock] = {};
  uint16_t dead = 0;
  const BoxColumns columns{
      {values[0], values[1], values[2]}, {values[3], values[4], values[5]}, values[6], &dead};
  for (int64_t i = 0; i < count; ++i) {
    const float* const box = static_cast<const float*>(boxes.data) + boxOf(i) * 2 * kDimensions;
    bool comparable = true;
    float volume = 1;
    for (int axis = 0; axis < kDimensions; ++axis) {
      const float low = box[axis], high = box[kDimensions + axis];
      columns.low[axis][i] = low;
      columns.high[axis][i] = high;
      volume *= high - low;
      constexpr float kLargest = static_cast<float>(kNmsLargestCoordinate);
      comparable = comparable && low >= -kLargest && high <= kLargest &&
                   high - low >= static_cast<float>(kNmsLeastExtent);
    }
    columns.volume[i] = volume;
    if (comparable) continue;
    // An empty box overlaps nothing.
    for (auto& column : values) column[i] = 0;
  }
  for (int64_t i = 0; i < count; ++i) {
    if (isDead(columns, i)) continue;
    if (!kept(i)) return;
    dead |= static_cast<uint16_t>(1 << i);
    const Suppressor<kDimensions> box(columns, i, threshold);
    uint32_t fresh = box.suppressed(columns, 0) & ~static_cast<uint32_t>(dead);
    dead |= static_cast<uint16_t>(fresh);
    for (; fresh != 0; fresh &= fresh - 1) lost(__builtin_ctz(fresh), i);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();
#endif
