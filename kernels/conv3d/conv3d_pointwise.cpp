#include "conv3d/conv3d_pointwise.h"

#include <algorithm>

#include "core/parallel.h"
#include "core/scratch.h"

namespace vk {
namespace {

/** Rows whose sums of a long run stay in the second-level cache, and how many sums do. */
constexpr int64_t kFewRows = 8;
constexpr int64_t kMostSums = 64 << 10;
/** Fewer stay in the first-level cache. */
constexpr int64_t kFewSums = 4 << 10;
/** Floats of a panel, in the second-level cache. */
constexpr int64_t kPanelFloats = 48 << 10;
/** Tasks that keep a few tens of cores busy. */
constexpr int64_t kEnoughTasks = 64;

}  // namespace

Conv3dPointwise::Conv3dPointwise(const Conv3dArgs& args, bool copied) {
  for (int axis = 0; axis < 3; ++axis) {
    size[axis] = args.inSize[axis];
    kernel[axis] = args.kernel[axis];
  }
  if (kernel[1] == 1) {
    size[2] *= size[1];
    size[1] = 1;
    if (kernel[0] == 1) {
      size[2] *= size[0];
      size[0] = 1;
    }
  }
  voxels = size[0] * size[1] * size[2];
  lines = args.outChannels * kernel[0] * kernel[1];
  inPlace = !copied && rows() <= kFewRows;
  if (inPlace) {
    // Sums that are added to again wait for long runs, which the memory reads fastest, as far as
    // there are enough tasks.
    const int64_t sumRows = std::max<int64_t>(rows(), 4);
    const int64_t sums = args.inChannels > kConv3dPointwiseSideBySide ? kMostSums : kFewSums;
    panel = std::clamp(voxels / kEnoughTasks, kFewSums / sumRows, sums / sumRows);
  } else {
    panel = std::clamp(kPanelFloats / std::max<int64_t>(args.inChannels, 1), kConv3dPointwiseTile,
                       16 * kConv3dPointwiseTile);
  }
  panel = panel / kConv3dPointwiseTile * kConv3dPointwiseTile;
  const int64_t panels = chunkCount(voxels, panel);
  const int64_t wanted = chunkCount(kEnoughTasks, std::max<int64_t>(args.batch * args.groups, 1));
  slab = std::max<int64_t>(panels / wanted, 1) * panel;
  slabs = chunkCount(voxels, slab);
}

Refusal conv3dPointwiseAccepts(const Conv3dArgs& args) {
  if (args.type != VK_F32) return "takes f32 only";
  for (int axis = 0; axis < 3; ++axis) {
    if (args.kernel[axis] != args.stride[axis] || args.kernel[axis] > kConv3dPointwiseTaps) {
      return "takes kernels of the stride's size only, up to 4";
    }
    if (args.kernel[axis] > 1 && args.dilation[axis] > 1) return "takes no dilation";
    if (args.paddingBegin[axis] != 0 ||
        args.outSize[axis] != args.inSize[axis] * args.kernel[axis]) {
      return "takes no padding";
    }
  }
  return {};
}

int64_t conv3dPointwiseWorkspaceBytes(const Conv3dArgs& args) {
  WorkspaceLayout layout(nullptr);
  layout.take<float>(args.threads * Conv3dPointwise(args).scratchFloats(args.inChannels));
  return layout.bytes();
}

}  // namespace vk
