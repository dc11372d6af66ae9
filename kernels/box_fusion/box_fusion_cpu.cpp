#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "box_fusion/box_fusion_cpu.cpp"
#include "core/simd_begin.h"
#include "box_fusion/box_fusion.h"
#include "box_fusion/box_fusion_clusters.h"
#include "box_iou/box_columns-inl.h"
#include "nms/box_order.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {

/** The fused boxes of one class so far. */
template <int kDimensions>
class FusedBoxes {
 public:
  HWY_ATTR FusedBoxes(const BoxLanes& all, int64_t begin) : lanes_(all) {
    for (int axis = 0; axis < 3; ++axis) {
      lanes_.low[axis] += begin;
      lanes_.high[axis] += begin;
    }
    lanes_.volume += begin;
  }

  HWY_ATTR void set(int64_t index, const float* box) {
    BoxLanes one = lanes_;
    for (int axis = 0; axis < 3; ++axis) {
      one.low[axis] += index;
      one.high[axis] += index;
    }
    one.volume += index;
    transposeBoxes({box, VK_F32, 1, kDimensions}, 0, 1, one);
  }

  /** The fused box, of `count`, that a box overlaps most, by more than the threshold; of equal ones
   * the first; -1 if none. */
  HWY_ATTR int64_t bestOf(const float* box, int64_t count, float threshold) const {
    float values[7];
    const BoxLanes single{
        {values, values + 1, values + 2}, {values + 3, values + 4, values + 5}, values + 6};
    transposeBoxes({box, VK_F32, 1, kDimensions}, 0, 1, single);
    const BoxTag d;
    const hn::RebindToSigned<BoxTag> di;
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
    BoxVector low[kDimensions], high[kDimensions];
    for (int axis = 0; axis < kDimensions; ++axis) {
      low[axis] = hn::Set(d, values[axis]);
      high[axis] = hn::Set(d, values[3 + axis]);
    }
    const BoxVector volume = hn::Set(d, values[6]);
    BoxVector most = hn::Set(d, threshold);
    auto mostAt = hn::Set(di, -1);
    for (int64_t i = 0; i < count; i += lanes) {
      // Beyond lie the boxes of another class, which another thread writes.
      const auto valid = hn::FirstN(d, static_cast<size_t>(count - i));
      BoxVector fusedLow[kDimensions], fusedHigh[kDimensions];
      for (int axis = 0; axis < kDimensions; ++axis) {
        fusedLow[axis] = hn::MaskedLoad(valid, d, lanes_.low[axis] + i);
        fusedHigh[axis] = hn::MaskedLoad(valid, d, lanes_.high[axis] + i);
      }
      const BoxVector overlap = boxOverlap<kDimensions, VK_BOX_IOU>(
          low, high, volume, fusedLow, fusedHigh, hn::MaskedLoad(valid, d, lanes_.volume + i));
      const auto better = hn::And(valid, hn::Gt(overlap, most));
      if (hn::AllFalse(d, better)) continue;
      most = hn::IfThenElse(better, overlap, most);
      mostAt =
          hn::IfThenElse(hn::RebindMask(di, better), hn::Set(di, static_cast<int32_t>(i)), mostAt);
    }
    float overlaps[kBoxLine];
    int32_t positions[kBoxLine];
    hn::StoreU(most, d, overlaps);
    hn::StoreU(mostAt, di, positions);
    int64_t best = -1;
    float greatest = threshold;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      if (positions[lane] < 0) continue;
      const int64_t at = positions[lane] + lane;
      if (overlaps[lane] > greatest || (overlaps[lane] == greatest && at < best)) {
        greatest = overlaps[lane];
        best = at;
      }
    }
    return best;
  }

 private:
  BoxLanes lanes_;
};

template <int kDimensions>
HWY_ATTR void fuseClass(const BoxFusionArgs& args, const BoxOrder& order,
                        const BoxFusionMemory& memory, const BoxLanes& lanes, int64_t index) {
  const Range members = order.membersOf(index);
  const float threshold = static_cast<float>(args.iouThreshold);
  FusedBoxes<kDimensions> fused(lanes, members.begin);
  FusionCluster* const clusters = memory.clusters + members.begin;
  int32_t count = 0;
  for (int64_t place = members.begin; place < members.end; ++place) {
    const int32_t rank = static_cast<int32_t>(order.rankOf(place));
    const int64_t at = order.boxOf(place);
    const float* const box = static_cast<const float*>(args.boxes.data) + at * 2 * kDimensions;
    const double score = static_cast<double>(memory.scores[at]);
    memory.next[rank] = -1;
    const int64_t joined = fused.bestOf(box, count, threshold);
    FusionCluster& cluster = clusters[joined < 0 ? count : joined];
    if (joined < 0) {
      cluster = {0, {}, score, 0, rank, rank};
      ++count;
    } else {
      memory.next[cluster.last] = rank;
      cluster.last = rank;
    }
    ++cluster.size;
    cluster.scoreSum += score;
    for (int k = 0; k < 2 * kDimensions; ++k) {
      cluster.cornerSums[k] += score * static_cast<double>(box[k]);
    }
    const float* const best = static_cast<const float*>(args.boxes.data) +
                              order.boxOfRank(cluster.first) * 2 * kDimensions;
    float average[2 * kDimensions];
    for (int k = 0; k < 2 * kDimensions; ++k) average[k] = fusedCorner(cluster, k, best);
    fused.set(joined < 0 ? count - 1 : joined, average);
  }
  memory.clustersOfClass[index] = count;
}

void boxFusionCpu(const BoxFusionArgs& args, Context& context, const Workspace& workspace) {
  WorkspaceLayout layout(workspace.data);
  BoxOrder order(layout, args.boxes.count, args.classes != nullptr);
  const BoxFusionMemory memory(layout, args);
  const BoxLanes lanes = boxLanesOf(layout, args.boxes.count);
  weighScores(args, memory);
  order.sort(memory.scores, args.boxes.count, -__builtin_inf(), args.classes);
  parallelFor(context, order.classCount(), [&](int64_t index) HWY_ATTR {
    if (args.boxes.dimensions == 2) {
      fuseClass<2>(args, order, memory, lanes, index);
    } else {
      fuseClass<3>(args, order, memory, lanes, index);
    }
  });
  writeFused(args, order, memory);
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(boxFusionCpu);

int64_t boxFusionCpuWorkspaceBytes(const BoxFusionArgs& args) {
  WorkspaceLayout layout(nullptr);
  BoxOrder(layout, args.boxes.count, args.classes != nullptr);
  BoxFusionMemory(layout, args);
  HWY_STATIC_DISPATCH(boxLanesOf)(layout, args.boxes.count);
  return layout.bytes();
}

}  // namespace vk
#endif
