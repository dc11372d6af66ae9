#include "conv3d/conv3d_depthwise.h"

#include <algorithm>

#include "conv3d/conv3d_tiling.h"
#include "core/parallel.h"
#include "core/scratch.h"

namespace vk {
namespace {

/** Of the widest vectors. */
constexpr int64_t kLanes = 16;
/** What the sums of a band may take: a part of the first-level cache. */
constexpr int64_t kBandBytes = 8 * 1024;

}  // namespace

bool conv3dDepthwise(const Conv3dArgs& args) {
  if (args.inChannels != 1 || args.outChannels != 1) return false;
  for (int axis = 0; axis < 3; ++axis) {
    if (args.stride[axis] != 1 || args.dilation[axis] != 1) return false;
    if (args.kernel[axis] != 3 && (axis != 0 || args.kernel[axis] != 1)) return false;
  }
  return true;
}

DepthwiseTiling conv3dDepthwiseTiling(const Conv3dArgs& args) {
  DepthwiseTiling t{};
  t.width = chunkCount(args.outSize[2], kLanes) * kLanes;
  const int64_t rowFloats = (args.kernel[0] - 1) * t.width + 1;
  const int64_t fitting = kBandBytes / (rowFloats * static_cast<int64_t>(sizeof(float)));
  const int64_t groups = chunkCount(args.outSize[1], kDepthwiseRows);
  const int64_t most = std::max<int64_t>(fitting / kDepthwiseRows, 1);
  t.bandRows =
      groups == 0 ? kDepthwiseRows : chunkCount(groups, chunkCount(groups, most)) * kDepthwiseRows;
  t.partialFloats = (args.kernel[0] - 1) * t.bandRows * t.width;
  t.scratchFloats = t.partialFloats + kDepthwiseRows * t.width;
  return t;
}

int64_t conv3dDepthwiseWorkspaceBytes(const Conv3dArgs& args, int64_t scratchFloats) {
  WorkspaceLayout layout(nullptr);
  layout.take<float>(conv3dZeroFloats(args));
  layout.take<float>(std::min<int64_t>(args.threads, conv3dRowTasks(args)) * scratchFloats);
  return layout.bytes();
}

}  // namespace vk
