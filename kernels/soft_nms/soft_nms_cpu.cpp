#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "soft_nms/soft_nms_cpu.cpp"
#include "core/simd_begin.h"
#include "nms/box_grid.h"
#include "nms/box_order.h"
#include "soft_nms/soft_nms.h"
#include "soft_nms/soft_nms_steps.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** A bit for each box of the block that has some volume in common with the one at `position`. */
template <int kDimensions>
HWY_ATTR uint32_t touching(const BoxColumns& columns, int64_t position, int64_t block) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  uint32_t bits = 0;
  for (int64_t lane = 0; lane < kBoxBlock; lane += lanes) {
    const int64_t at = block * kBoxBlock + lane;
    auto touches = hn::FirstN(d, static_cast<size_t>(lanes));
    for (int axis = 0; axis < kDimensions; ++axis) {
      const float* const low = columns.low[axis];
      const float* const high = columns.high[axis];
      touches =
          hn::And(touches, hn::And(hn::Lt(hn::LoadU(d, low + at), hn::Set(d, high[position])),
                                   hn::Lt(hn::Set(d, low[position]), hn::LoadU(d, high + at))));
    }
    uint16_t part = 0;
    hn::StoreMaskBits(d, touches, reinterpret_cast<uint8_t*>(&part));
    bits |= static_cast<uint32_t>(part) << lane;
  }
  return bits;
}

template <int kDimensions>
HWY_ATTR void keepOfClass(const SoftNmsArgs& args, const BoxOrder& order,
                          const SoftNmsMemory& memory, int64_t index) {
  SoftNmsClass members(args, order, memory, index);
  if (!members.hasGrid()) {
    for (int32_t best; (best = members.takeBest()) >= 0;) members.decayAll(best);
    return;
  }
  const BoxGrid grid = members.grid();
  for (int32_t best; (best = members.takeBest()) >= 0;) {
    const int64_t position = grid.positionOf(best);
    if (position < 0) continue;
    const BoxColumns& columns = grid.columns();
    grid.forRunsNear(position, [&](int64_t from, int64_t to) HWY_ATTR {
      for (int64_t block = from / kBoxBlock; block * kBoxBlock < to; ++block) {
        uint32_t near = touching<kDimensions>(columns, position, block);
        for (; near != 0; near &= near - 1) {
          const int64_t other = block * kBoxBlock + __builtin_ctz(near);
          // Two runs may share a block, and a box must not be lowered twice.
          if (other >= from && other < to) members.decay(best, grid.memberAt(other));
        }
      }
    });
  }
}

void softNmsCpu(const SoftNmsArgs& args, Context& context, const Workspace& workspace) {
  WorkspaceLayout layout(workspace.data);
  BoxOrder order(layout, args.boxes.count, args.classes != nullptr);
  const SoftNmsMemory memory(layout, args.boxes.count);
  order.sort(static_cast<const float*>(args.scores), args.boxes.count, args.scoreThreshold,
             args.classes);
  softNmsBegin(order, memory);
  parallelFor(context, order.classCount(), [&](int64_t index) HWY_ATTR {
    if (args.boxes.dimensions == 2) {
      keepOfClass<2>(args, order, memory, index);
    } else {
      keepOfClass<3>(args, order, memory, index);
    }
  });
  softNmsCollect(args, order, memory);
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(softNmsCpu);

int64_t softNmsCpuWorkspaceBytes(const SoftNmsArgs& args) {
  WorkspaceLayout layout(nullptr);
  BoxOrder(layout, args.boxes.count, args.classes != nullptr);
  SoftNmsMemory(layout, args.boxes.count);
  return layout.bytes();
}

}  // namespace vk
#endif
