#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "box_matcher/box_matcher_cpu.cpp"
#include "core/simd_begin.h"
#include "box_iou/box_columns-inl.h"
#include "box_matcher/box_matcher.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {

/** Anchors in the first-level cache, compared with one box after the other. */
constexpr int64_t kBlock = 256;
constexpr int64_t kChunk = 16 * kBlock;

/** Orders like (IoU, then the lower anchor), so that the greatest is the same whoever comes first;
 * 0 where a box overlaps no anchor. */
using BestAnchor = uint64_t;

HWY_ATTR inline uint64_t encoded(float overlap, int64_t anchor) {
  uint32_t bits;
  __builtin_memcpy(&bits, &overlap, sizeof bits);
  return static_cast<uint64_t>(bits) << 32 | ~static_cast<uint32_t>(anchor);
}

struct MatcherMemory {
  float* overlaps;
  BestAnchor* bestAnchors;

  MatcherMemory(WorkspaceLayout& layout, const BoxMatcherArgs& args)
      : overlaps(args.overlaps != nullptr ? static_cast<float*>(args.overlaps)
                                          : layout.take<float>(args.anchors.count)),
        bestAnchors(layout.take<BestAnchor>(args.bestOfEachBox ? args.boxes.count : 0)) {}
};

/** A block of anchors: what it needs of the boxes before, and the best of each anchor so far. */
template <int kDimensions>
class AnchorBlock {
 public:
  HWY_ATTR AnchorBlock(const Boxes& anchors, int64_t begin, int64_t end)
      : begin_(begin), count_(end - begin) {
    for (int axis = 0; axis < 3; ++axis) {
      lanes_.low[axis] = values_[axis];
      lanes_.high[axis] = values_[3 + axis];
    }
    lanes_.volume = values_[6];
    for (auto& column : values_) {
      for (int64_t i = count_ / kBoxLine * kBoxLine; i < kBlock; ++i) column[i] = 0;
    }
    transposeBoxes(anchors, begin, end, lanes_);
    for (int64_t i = 0; i < kBlock; ++i) {
      best_[i] = 0;
      bestBox_[i] = 0;
    }
    for (int axis = 0; axis < kDimensions; ++axis) {
      hullLow_[axis] = lanes_.low[axis][0];
      hullHigh_[axis] = lanes_.high[axis][0];
      for (int64_t i = 1; i < count_; ++i) {
        // A NaN in front stays and makes every box be looked at; elsewhere it does not count.
        if (lanes_.low[axis][i] < hullLow_[axis]) hullLow_[axis] = lanes_.low[axis][i];
        if (lanes_.high[axis][i] > hullHigh_[axis]) hullHigh_[axis] = lanes_.high[axis][i];
      }
    }
  }

  /** Compares with a box: `best` (null if not wanted) rises to its best anchor here. */
  HWY_ATTR void compare(const float* box, float volume, int64_t index, BestAnchor* best) {
    for (int axis = 0; axis < kDimensions; ++axis) {
      if (box[axis] >= hullHigh_[axis] || box[kDimensions + axis] <= hullLow_[axis]) return;
    }
    const BoxTag d;
    const hn::RebindToSigned<BoxTag> di;
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
    BoxVector low[kDimensions], high[kDimensions];
    for (int axis = 0; axis < kDimensions; ++axis) {
      low[axis] = hn::Set(d, box[axis]);
      high[axis] = hn::Set(d, box[kDimensions + axis]);
    }
    const BoxVector boxVolume = hn::Set(d, volume);
    const auto number = hn::Set(di, static_cast<int32_t>(index));
    BoxVector most = hn::Zero(d);
    auto mostAt = hn::Zero(di);
    for (int64_t i = 0; i < count_; i += lanes) {
      BoxVector anchorLow[kDimensions], anchorHigh[kDimensions];
      for (int axis = 0; axis < kDimensions; ++axis) {
        anchorLow[axis] = hn::LoadU(d, lanes_.low[axis] + i);
        anchorHigh[axis] = hn::LoadU(d, lanes_.high[axis] + i);
      }
      // NaN, where either box has one, is above nothing.
      const BoxVector overlap = boxOverlap<kDimensions, VK_BOX_IOU>(
          anchorLow, anchorHigh, hn::LoadU(d, lanes_.volume + i), low, high, boxVolume);
      const BoxVector known = hn::LoadU(d, best_ + i);
      const auto better = hn::Gt(overlap, known);
      hn::StoreU(hn::IfThenElse(better, overlap, known), d, best_ + i);
      const auto knownBox = hn::LoadU(di, bestBox_ + i);
      hn::StoreU(hn::IfThenElse(hn::RebindMask(di, better), number, knownBox), di, bestBox_ + i);
      const auto more = hn::Gt(overlap, most);
      most = hn::IfThenElse(more, overlap, most);
      mostAt =
          hn::IfThenElse(hn::RebindMask(di, more), hn::Set(di, static_cast<int32_t>(i)), mostAt);
    }
    if (best != nullptr) raise(best, most, mostAt);
  }

  /** Writes the best IoU and ~box of each anchor. */
  HWY_ATTR void store(float* overlaps, int64_t* matches) const {
    for (int64_t i = 0; i < count_; ++i) {
      overlaps[begin_ + i] = best_[i];
      matches[begin_ + i] = ~int64_t{bestBox_[i]};
    }
  }

 private:
  template <class Positions>
  HWY_ATTR void raise(BestAnchor* best, BoxVector most, Positions mostAt) const {
    const BoxTag d;
    const hn::RebindToSigned<BoxTag> di;
    float overlaps[kBoxLine];
    int32_t positions[kBoxLine];
    hn::StoreU(most, d, overlaps);
    hn::StoreU(mostAt, di, positions);
    uint64_t found = 0;
    for (int64_t lane = 0; lane < static_cast<int64_t>(hn::Lanes(d)); ++lane) {
      const uint64_t one = encoded(overlaps[lane], begin_ + positions[lane] + lane);
      if (overlaps[lane] > 0 && one > found) found = one;
    }
    uint64_t known = __atomic_load_n(best, __ATOMIC_RELAXED);
    while (found > known && !__atomic_compare_exchange_n(best, &known, found, true,
                                                         __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
  }

  int64_t begin_;
  int64_t count_;
  BoxLanes lanes_;
  float hullLow_[kDimensions];
  float hullHigh_[kDimensions];
  float values_[7][kBlock];
  float best_[kBlock];
  int32_t bestBox_[kBlock];
};

template <int kDimensions>
HWY_ATTR void compareAll(const BoxMatcherArgs& args, Range anchors, const MatcherMemory& memory) {
  float values[7];
  const BoxLanes single{
      {values, values + 1, values + 2}, {values + 3, values + 4, values + 5}, values + 6};
  for (int64_t begin = anchors.begin; begin < anchors.end; begin += kBlock) {
    const int64_t end = begin + kBlock < anchors.end ? begin + kBlock : anchors.end;
    AnchorBlock<kDimensions> block(args.anchors, begin, end);
    for (int64_t j = 0; j < args.boxes.count; ++j) {
      transposeBoxes(args.boxes, j, j + 1, single);
      block.compare(static_cast<const float*>(args.boxes.data) + j * 2 * kDimensions, values[6], j,
                    args.bestOfEachBox ? memory.bestAnchors + j : nullptr);
    }
    block.store(memory.overlaps, args.matches);
  }
}

void boxMatcherCpu(const BoxMatcherArgs& args, Context& context, const Workspace& workspace) {
  WorkspaceLayout layout(workspace.data);
  const MatcherMemory memory(layout, args);
  const int64_t best = args.bestOfEachBox ? args.boxes.count : 0;
  for (int64_t j = 0; j < best; ++j) memory.bestAnchors[j] = 0;
  const int64_t count = args.anchors.count;
  parallelFor(context, chunkCount(count, kChunk), [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(count, kChunk, chunk);
    if (args.boxes.dimensions == 2) {
      compareAll<2>(args, range, memory);
    } else {
      compareAll<3>(args, range, memory);
    }
  });
  // A box that is settled is no longer negative.
  for (int64_t j = 0; j < best; ++j) {
    const uint64_t found = memory.bestAnchors[j];
    if (found == 0) continue;
    int64_t& match = args.matches[~static_cast<uint32_t>(found)];
    if (match < 0) match = ~match;
  }
  const float foreground = static_cast<float>(args.foreground);
  const float background = static_cast<float>(args.background);
  parallelFor(context, chunkCount(count, kChunk), [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(count, kChunk, chunk);
    for (int64_t i = range.begin; i < range.end; ++i) {
      int64_t& match = args.matches[i];
      if (match >= 0) continue;
      match = memory.overlaps[i] >= foreground  ? ~match
              : memory.overlaps[i] < background ? kNoBox
                                                : kIgnored;
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(boxMatcherCpu);

int64_t boxMatcherCpuWorkspaceBytes(const BoxMatcherArgs& args) {
  WorkspaceLayout layout(nullptr);
  HWY_STATIC_DISPATCH(MatcherMemory)(layout, args);
  return layout.bytes();
}

}  // namespace vk
#endif
