#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "box_clustering/box_clustering_cpu.cpp"
#include "core/simd_begin.h"
#include "box_clustering/box_clustering.h"
#include "box_clustering/box_clustering_merge.h"
#include "nms/box_order.h"
#include "nms/box_overlap.h"
#include "nms/suppress-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {

template <int kDimensions>
HWY_ATTR void leadersOfClass(const BoxClusteringArgs& args, const BoxOrder& order,
                             const BoxGridMemory& grid, int64_t index, int32_t* leader) {
  const Range members = order.membersOf(index);
  const int64_t count = members.end - members.begin;
  const float threshold = static_cast<float>(args.iouThreshold);
  const auto boxOf = [&](int64_t i) { return int64_t{order.boxOf(members.begin + i)}; };
  const auto rankOf = [&](int64_t i) { return order.rankOf(members.begin + i); };
  const auto kept = [&](int64_t i) HWY_ATTR {
    const float* const box =
        static_cast<const float*>(args.boxes.data) + boxOf(i) * 2 * kDimensions;
    leader[rankOf(i)] = isComparable(box, kDimensions) ? static_cast<int32_t>(rankOf(i)) : -1;
    return true;
  };
  const auto lost = [&](int64_t i, int64_t to)
                        HWY_ATTR { leader[rankOf(i)] = static_cast<int32_t>(rankOf(to)); };
  if (count > kBoxBlock) {
    suppressInGrid<kDimensions>(grid, args.boxes, threshold, members.begin, count, boxOf, kept,
                                lost);
  } else {
    suppressInBlock<kDimensions>(args.boxes, threshold, count, boxOf, kept, lost);
  }
}

void boxClusteringCpu(const BoxClusteringArgs& args, Context& context, const Workspace& workspace) {
  WorkspaceLayout layout(workspace.data);
  BoxOrder order(layout, args.boxes.count, args.classes != nullptr);
  const BoxGridMemory grid(layout, args.boxes.count);
  const BoxClusteringMemory memory(layout, args.boxes.count);
  order.sort(static_cast<const float*>(args.scores), args.boxes.count, args.scoreThreshold,
             args.classes);
  parallelFor(context, order.classCount(), [&](int64_t index) HWY_ATTR {
    if (args.boxes.dimensions == 2) {
      leadersOfClass<2>(args, order, grid, index, memory.leader);
    } else {
      leadersOfClass<3>(args, order, grid, index, memory.leader);
    }
  });
  mergeClusters(args, order, memory);
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(boxClusteringCpu);

int64_t boxClusteringCpuWorkspaceBytes(const BoxClusteringArgs& args) {
  WorkspaceLayout layout(nullptr);
  BoxOrder(layout, args.boxes.count, args.classes != nullptr);
  BoxGridMemory(layout, args.boxes.count);
  BoxClusteringMemory(layout, args.boxes.count);
  return layout.bytes();
}

}  // namespace vk
#endif
