#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nms/nms_cpu.cpp"
#include "core/simd_begin.h"
#include "nms/box_order.h"
#include "nms/nms.h"
#include "nms/suppress-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {

template <int kDimensions>
HWY_ATTR void keepOfClass(const NmsArgs& args, const BoxOrder& order, const BoxGridMemory& memory,
                          int64_t index, uint8_t* keptRanks) {
  const Range members = order.membersOf(index);
  const int64_t count = members.end - members.begin;
  const float threshold = static_cast<float>(args.iouThreshold);
  int64_t left = args.mostOfClass < args.capacity ? args.mostOfClass : args.capacity;
  const auto boxOf = [&](int64_t i) { return int64_t{order.boxOf(members.begin + i)}; };
  const auto kept = [&](int64_t i) HWY_ATTR {
    if (left-- == 0) return false;
    keptRanks[order.rankOf(members.begin + i)] = 1;
    return true;
  };
  const auto lost = [](int64_t, int64_t) HWY_ATTR {};
  if (count > kBoxBlock) {
    suppressInGrid<kDimensions>(memory, args.boxes, threshold, members.begin, count, boxOf, kept,
                                lost);
  } else {
    suppressInBlock<kDimensions>(args.boxes, threshold, count, boxOf, kept, lost);
  }
}

void nmsCpu(const NmsArgs& args, Context& context, const Workspace& workspace) {
  WorkspaceLayout layout(workspace.data);
  BoxOrder order(layout, args.boxes.count, args.classes != nullptr);
  const BoxGridMemory memory(layout, args.boxes.count);
  uint8_t* const keptRanks = layout.take<uint8_t>(args.boxes.count);
  order.sort(static_cast<const float*>(args.scores), args.boxes.count, args.scoreThreshold,
             args.classes);
  for (int64_t rank = 0; rank < order.count(); ++rank) keptRanks[rank] = 0;
  parallelFor(context, order.classCount(), [&](int64_t index) HWY_ATTR {
    if (args.boxes.dimensions == 2) {
      keepOfClass<2>(args, order, memory, index, keptRanks);
    } else {
      keepOfClass<3>(args, order, memory, index, keptRanks);
    }
  });
  int64_t kept = 0;
  for (int64_t rank = 0; rank < order.count() && kept < args.capacity; ++rank) {
    if (keptRanks[rank] != 0) args.kept[kept++] = order.boxOfRank(rank);
  }
  *args.count = kept;
  while (kept < args.capacity) args.kept[kept++] = -1;
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(nmsCpu);

int64_t nmsCpuWorkspaceBytes(const NmsArgs& args) {
  WorkspaceLayout layout(nullptr);
  BoxOrder(layout, args.boxes.count, args.classes != nullptr);
  BoxGridMemory(layout, args.boxes.count);
  layout.take<uint8_t>(args.boxes.count);
  return layout.bytes();
}

}  // namespace vk
#endif
