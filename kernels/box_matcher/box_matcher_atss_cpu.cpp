#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "box_matcher/box_matcher_atss_cpu.cpp"
#include "core/simd_begin.h"
#include "box_iou/box_columns-inl.h"
#include "box_matcher/box_matcher.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {

/** Centres of a block of anchors of one level: a box whose candidates are all nearer than the
 * block's hull passes over it. */
constexpr int64_t kBlock = 256;

struct Candidate {
  float distance;
  int32_t anchor;
};

struct AtssMemory {
  /** One array an axis; NaN where the anchor is no candidate. */
  float* centres[3];
  /** Of each block, one array an axis; the lower one is above the upper where it has none. */
  float* hullLow[3];
  float* hullHigh[3];
  /** Where the blocks of each level begin, and their total. */
  int64_t* firstBlock;
  /** candidates of each level of each box, the nearest first. */
  Candidate* candidates;
  int32_t* found;
  float* overlaps;

  AtssMemory(WorkspaceLayout& layout, const BoxMatcherAtssArgs& args) {
    firstBlock = layout.take<int64_t>(args.levels + 1);
    const int64_t blocks = args.anchors.count / kBlock + args.levels;
    for (int axis = 0; axis < 3; ++axis) {
      centres[axis] = layout.take<float>(args.anchors.count + kBoxLine);
      hullLow[axis] = layout.take<float>(blocks);
      hullHigh[axis] = layout.take<float>(blocks);
    }
    candidates = layout.take<Candidate>(args.boxes.count * args.levels * args.candidates);
    found = layout.take<int32_t>(args.boxes.count * args.levels);
    overlaps = args.overlaps != nullptr ? static_cast<float*>(args.overlaps)
                                        : layout.take<float>(args.anchors.count);
  }
};

struct BoxValues {
  float values[7];
  BoxLanes lanes;
  HWY_ATTR BoxValues(const Boxes& boxes, int64_t index)
      : lanes{{values, values + 1, values + 2}, {values + 3, values + 4, values + 5}, values + 6} {
    transposeBoxes(boxes, index, index + 1, lanes);
  }
  BoxValues(const BoxValues&) = delete;
  HWY_ATTR bool usable() const { return values[6] == values[6]; }
  HWY_ATTR float low(int axis) const { return values[axis]; }
  HWY_ATTR float high(int axis) const { return values[3 + axis]; }
  HWY_ATTR float centre(int axis) const { return (low(axis) + high(axis)) * 0.5f; }
};

HWY_ATTR void takeCentres(const BoxMatcherAtssArgs& args, const AtssMemory& memory, Range anchors,
                          int64_t block) {
  const int n = args.anchors.dimensions;
  for (int axis = 0; axis < n; ++axis) {
    memory.hullLow[axis][block] = __builtin_inff();
    memory.hullHigh[axis][block] = -__builtin_inff();
  }
  for (int64_t i = anchors.begin; i < anchors.end; ++i) {
    args.matches[i] = kNoBox;
    memory.overlaps[i] = 0;
    const BoxValues anchor(args.anchors, i);
    for (int axis = 0; axis < n; ++axis) {
      const float centre = anchor.usable() ? anchor.centre(axis) : __builtin_nanf("");
      memory.centres[axis][i] = centre;
      float& low = memory.hullLow[axis][block];
      float& high = memory.hullHigh[axis][block];
      if (centre < low) low = centre;
      if (centre > high) high = centre;
    }
  }
}

/** The nearest anchors of one level to one box. */
template <int kDimensions>
class Nearest {
 public:
  HWY_ATTR Nearest(const AtssMemory& memory, const BoxValues& box, int32_t most, Candidate* to)
      : memory_(memory), most_(most), to_(to) {
    for (int axis = 0; axis < kDimensions; ++axis) centre_[axis] = box.centre(axis);
  }

  HWY_ATTR void lookAt(int64_t block, Range anchors) {
    float nearest = 0;
    for (int axis = 0; axis < kDimensions; ++axis) {
      const float below = memory_.hullLow[axis][block] - centre_[axis];
      const float above = centre_[axis] - memory_.hullHigh[axis][block];
      float along = below > above ? below : above;
      if (!(along > 0)) along = 0;
      nearest += along * along;
    }
    // Rounding keeps order, so no anchor of the block is nearer, and a later one loses a tie.
    if (nearest >= farthest_) return;
    const BoxTag d;
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
    for (int64_t i = anchors.begin; i < anchors.end; i += lanes) {
      BoxVector distance = hn::Zero(d);
      for (int axis = 0; axis < kDimensions; ++axis) {
        const BoxVector along =
            hn::Sub(hn::LoadU(d, memory_.centres[axis] + i), hn::Set(d, centre_[axis]));
        distance = hn::Add(distance, hn::Mul(along, along));
      }
      if (hn::AllFalse(d, hn::Lt(distance, hn::Set(d, farthest_)))) continue;
      float distances[kBoxLine];
      hn::StoreU(distance, d, distances);
      for (int64_t lane = 0; lane < lanes && i + lane < anchors.end; ++lane) {
        if (distances[lane] < farthest_) insert(distances[lane], i + lane);
      }
    }
  }

  int32_t found() const { return found_; }

 private:
  HWY_ATTR void insert(float distance, int64_t anchor) {
    int32_t at = found_ < most_ ? found_++ : most_ - 1;
    for (; at > 0 && to_[at - 1].distance > distance; --at) to_[at] = to_[at - 1];
    to_[at] = {distance, static_cast<int32_t>(anchor)};
    if (found_ == most_) farthest_ = to_[most_ - 1].distance;
  }

  const AtssMemory& memory_;
  int32_t most_;
  Candidate* to_;
  int32_t found_ = 0;
  /** A candidate is nearer than this. */
  float farthest_ = __builtin_inff();
  float centre_[kDimensions];
};

HWY_ATTR inline Range blockRange(const BoxMatcherAtssArgs& args, const AtssMemory& memory,
                                 int32_t level, int64_t levelBegin, int64_t block) {
  const Range range = chunkRange(args.levelSizes[level], kBlock, block - memory.firstBlock[level]);
  return {levelBegin + range.begin, levelBegin + range.end};
}

template <int kDimensions>
HWY_ATTR void findCandidates(const BoxMatcherAtssArgs& args, const AtssMemory& memory,
                             int64_t box) {
  const BoxValues values(args.boxes, box);
  int64_t begin = 0;
  for (int32_t level = 0; level < args.levels; ++level) {
    const int64_t slot = box * args.levels + level;
    Nearest<kDimensions> nearest(memory, values, args.candidates,
                                 memory.candidates + slot * args.candidates);
    for (int64_t block = memory.firstBlock[level];
         values.usable() && block < memory.firstBlock[level + 1]; ++block) {
      nearest.lookAt(block, blockRange(args, memory, level, begin, block));
    }
    memory.found[slot] = nearest.found();
    begin += args.levelSizes[level];
  }
}

/** body(anchor, IoU) for the candidates of a box, level by level, the nearest first. */
template <int kDimensions, class Body>
HWY_ATTR void forCandidates(const BoxMatcherAtssArgs& args, const AtssMemory& memory, int64_t box,
                            const BoxValues& values, Body&& body) {
  for (int32_t level = 0; level < args.levels; ++level) {
    const int64_t slot = box * args.levels + level;
    for (int32_t c = 0; c < memory.found[slot]; ++c) {
      const int64_t index = memory.candidates[slot * args.candidates + c].anchor;
      const BoxValues anchor(args.anchors, index);
      float common = 1;
      for (int axis = 0; axis < kDimensions; ++axis) {
        const float low = values.low(axis) > anchor.low(axis) ? values.low(axis) : anchor.low(axis);
        const float high =
            values.high(axis) < anchor.high(axis) ? values.high(axis) : anchor.high(axis);
        common *= high > low ? high - low : 0.0f;
      }
      const float both = anchor.values[6] + values.values[6] - common;
      body(anchor, index, both > 0 ? common / both : 0.0f);
    }
  }
}

template <int kDimensions>
HWY_ATTR void match(const BoxMatcherAtssArgs& args, const AtssMemory& memory, int64_t box) {
  const BoxValues values(args.boxes, box);
  double sum = 0, count = 0, squares = 0;
  forCandidates<kDimensions>(args, memory, box, values,
                             [&](const BoxValues&, int64_t, float overlap) HWY_ATTR {
                               sum += static_cast<double>(overlap);
                               ++count;
                             });
  if (count == 0) return;
  const double mean = sum / count;
  forCandidates<kDimensions>(args, memory, box, values,
                             [&](const BoxValues&, int64_t, float overlap) HWY_ATTR {
                               const double off = static_cast<double>(overlap) - mean;
                               squares += off * off;
                             });
  const double threshold = mean + (count > 1 ? __builtin_sqrt(squares / (count - 1)) : 0.0);
  const float least = static_cast<float>(args.leastDistance);
  forCandidates<kDimensions>(
      args, memory, box, values,
      [&](const BoxValues& anchor, int64_t index, float overlap) HWY_ATTR {
        if (static_cast<double>(overlap) < threshold || !(overlap > memory.overlaps[index])) {
          return;
        }
        for (int axis = 0; axis < kDimensions; ++axis) {
          const float centre = anchor.centre(axis);
          if (!(centre - values.low(axis) > least && values.high(axis) - centre > least)) {
            return;
          }
        }
        memory.overlaps[index] = overlap;
        args.matches[index] = box;
      });
}

template <int kDimensions>
HWY_ATTR void matchAll(const BoxMatcherAtssArgs& args, const AtssMemory& memory, Context& context) {
  parallelFor(context, args.boxes.count,
              [&](int64_t box) HWY_ATTR { findCandidates<kDimensions>(args, memory, box); });
  // In the order of the boxes, of which the first wins a tie; few candidates beside the anchors.
  for (int64_t box = 0; box < args.boxes.count; ++box) match<kDimensions>(args, memory, box);
}

void boxMatcherAtssCpu(const BoxMatcherAtssArgs& args, Context& context,
                       const Workspace& workspace) {
  WorkspaceLayout layout(workspace.data);
  const AtssMemory memory(layout, args);
  memory.firstBlock[0] = 0;
  int64_t begin = 0;
  for (int32_t level = 0; level < args.levels; ++level) {
    memory.firstBlock[level + 1] =
        memory.firstBlock[level] + chunkCount(args.levelSizes[level], kBlock);
    const int64_t first = memory.firstBlock[level];
    parallelFor(context, memory.firstBlock[level + 1] - first, [&](int64_t block) HWY_ATTR {
      takeCentres(args, memory, blockRange(args, memory, level, begin, first + block),
                  first + block);
    });
    begin += args.levelSizes[level];
  }
  // Read, and thrown away, with the last anchors.
  for (int axis = 0; axis < 3; ++axis) {
    for (int64_t i = 0; i < kBoxLine; ++i) memory.centres[axis][args.anchors.count + i] = 0;
  }
  if (args.boxes.dimensions == 2) {
    matchAll<2>(args, memory, context);
  } else {
    matchAll<3>(args, memory, context);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(boxMatcherAtssCpu);

int64_t boxMatcherAtssCpuWorkspaceBytes(const BoxMatcherAtssArgs& args) {
  WorkspaceLayout layout(nullptr);
  HWY_STATIC_DISPATCH(AtssMemory)(layout, args);
  return layout.bytes();
}

}  // namespace vk
#endif
