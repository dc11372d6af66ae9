#include "conv3d/conv3d_tiling.h"

#include <algorithm>

#include "conv3d/conv3d_depthwise.h"
#include "core/parallel.h"
#include "core/scratch.h"

namespace vk {
namespace {

constexpr int64_t kLeastSlab = 8;
/** Output channels that pay for copying the input once more. */
constexpr int64_t kLeastRange = 64;

void setRows(const Conv3dArgs& args, Conv3dTiling& t, int64_t rows) {
  t.bandRows = rows;
  t.inputRows = (rows - 1) * t.stride[1] + (args.kernel[1] - 1) * t.dilation[1] + 1;
  t.phaseRows = chunkCount(t.inputRows, t.stride[1]);
  // An odd number of lines: channels that lie a power of two apart would share a cache set.
  t.channelFloats = roundUp(args.stride[2] * t.stride[1] * t.phaseRows * t.pitch, 16) | 16;
  t.planeFloats = args.inChannels * t.channelFloats;
  t.scratchFloats = roundUp(t.ring * t.planeFloats + kConv3dMostVoxels, 16);
}

}  // namespace

Conv3dTiling conv3dTiling(const Conv3dArgs& args, const Conv3dTilingWish& wish) {
  Conv3dTiling t{};
  for (int axis = 0; axis < 2; ++axis) {
    const bool splits = args.stride[axis] == 1;
    t.step[axis] = splits ? args.dilation[axis] : 1;
    t.lattices[axis] = std::min(t.step[axis], args.outSize[axis]);
    t.stride[axis] = args.stride[axis];
    t.dilation[axis] = splits ? 1 : args.dilation[axis];
  }
  t.ring = (args.kernel[0] - 1) * t.dilation[0] + 1;
  const int64_t reach =
      (args.outSize[2] - 1) * args.stride[2] + (args.kernel[2] - 1) * args.dilation[2] + 1;
  t.pitch = std::max<int64_t>(chunkCount(reach, args.stride[2]), 1);

  const int64_t rows = chunkCount(args.outSize[1], t.step[1]);
  const int64_t planes = chunkCount(args.outSize[0], t.step[0]);
  setRows(args, t, 1);
  const int64_t oneRow = t.scratchFloats;
  setRows(args, t, 2);
  const int64_t eachRow = std::max<int64_t>(t.scratchFloats - oneRow, 1);
  const int64_t budget = wish.cacheBytes / static_cast<int64_t>(sizeof(float));
  const int64_t share = evenShare(rows, std::max<int64_t>((budget - oneRow) / eachRow, 0) + 1);
  setRows(args, t, roundUp(share, wish.rowMultiple));

  t.bands = chunkCount(rows, t.bandRows);
  const int64_t volumes = args.batch * args.groups * t.lattices[0] * t.lattices[1];
  const int64_t wantedSlabs = chunkCount(wish.enoughTasks, std::max<int64_t>(volumes * t.bands, 1));
  t.slabPlanes =
      evenShare(planes, std::max(chunkCount(planes, wantedSlabs), std::min(planes, kLeastSlab)));
  t.slabs = chunkCount(planes, t.slabPlanes);
  const int64_t wantedRanges =
      chunkCount(wish.enoughTasks, std::max<int64_t>(volumes * t.bands * t.slabs, 1));
  conv3dSetRanges(
      args,
      roundUp(evenShare(args.outChannels,
                        std::max(chunkCount(args.outChannels, wantedRanges), kLeastRange)),
              8),
      t);
  return t;
}

void conv3dSetRanges(const Conv3dArgs& args, int64_t rangeChannels, Conv3dTiling& t) {
  t.rangeChannels = rangeChannels;
  t.ranges = chunkCount(args.outChannels, rangeChannels);
  t.tasks = args.outSize[2] == 0 ? 0
                                 : args.batch * args.groups * t.lattices[0] * t.lattices[1] *
                                       t.bands * t.slabs * t.ranges;
}

Conv3dTask conv3dTask(const Conv3dArgs& args, const Conv3dTiling& t, int64_t index) {
  const auto next = [&index](int64_t count) {
    const int64_t digit = index % count;
    index /= count;
    return digit;
  };
  Conv3dTask task{};
  const Range channels = chunkRange(args.outChannels, t.rangeChannels, next(t.ranges));
  task.channelBegin = channels.begin;
  task.channelEnd = channels.end;
  const int64_t firsts[] = {next(t.lattices[0]), next(t.lattices[1])};
  const auto clipped = [&](int axis, int64_t share, int64_t chunk, int64_t& first, int64_t& count) {
    const int64_t items = chunkCount(args.outSize[axis] - firsts[axis], t.step[axis]);
    const Range range = chunkRange(items, share, chunk);
    first = firsts[axis] + range.begin * t.step[axis];
    count = std::max<int64_t>(range.end - range.begin, 0);
  };
  clipped(1, t.bandRows, next(t.bands), task.row, task.rows);
  clipped(0, t.slabPlanes, next(t.slabs), task.plane, task.planes);
  task.group = next(args.groups);
  task.image = next(args.batch);
  return task;
}

Conv3dTiling conv3dDirectTiling(const Conv3dArgs& args) {
  // A band's input is read once for every block of output channels: it should stay in a core's
  // second-level cache beside the weights.
  return conv3dTiling(args, {.cacheBytes = 640 * 1024});
}

bool conv3dByRows(const Conv3dArgs& args) {
  return args.outChannels == 1 && args.kernel[1] == 3 && args.stride[1] == 1 && args.stride[2] == 1;
}

int64_t conv3dRowPlanes(const Conv3dArgs& args) {
  const int64_t wanted =
      chunkCount(kConv3dEnoughTasks, std::max<int64_t>(args.batch * args.groups, 1));
  return evenShare(args.outSize[0], std::max(chunkCount(args.outSize[0], wanted), kLeastSlab));
}

int64_t conv3dRowTasks(const Conv3dArgs& args) {
  return args.batch * args.groups * chunkCount(args.outSize[0], conv3dRowPlanes(args));
}

Conv3dTask conv3dRowTask(const Conv3dArgs& args, int64_t index) {
  const int64_t slabs = chunkCount(args.outSize[0], conv3dRowPlanes(args));
  const Range planes = chunkRange(args.outSize[0], conv3dRowPlanes(args), index % slabs);
  Conv3dTask task{};
  task.plane = planes.begin;
  task.planes = planes.end - planes.begin;
  task.group = index / slabs % args.groups;
  task.image = index / slabs / args.groups;
  return task;
}

int64_t conv3dZeroFloats(const Conv3dArgs& args) {
  return kConv3dZerosAround + args.inSize[2] + kConv3dZerosAround;
}

int64_t conv3dRowPointers(const Conv3dArgs& args) {
  return args.inChannels * args.kernel[0] * (kConv3dMostRows + 2);
}

int64_t conv3dDirectWorkspaceBytes(const Conv3dArgs& args, int64_t rowFloats) {
  const Conv3dTiling tiling = conv3dDirectTiling(args);
  if (tiling.tasks == 0) return 0;
  WorkspaceLayout layout(nullptr);
  const int64_t slots = std::min<int64_t>(args.threads, tiling.tasks);
  layout.take<float>(slots * tiling.scratchFloats);
  layout.take<int64_t>(slots * conv3dTaps(args));
  layout.take<float>(slots * rowFloats);
  return layout.bytes();
}

int64_t conv3dCpuWorkspaceBytes(const Conv3dArgs& args) {
  if (conv3dDepthwise(args)) {
    return conv3dDepthwiseWorkspaceBytes(args, conv3dDepthwiseTiling(args).scratchFloats);
  }
  if (conv3dByRows(args)) {
    WorkspaceLayout layout(nullptr);
    layout.take<float>(conv3dZeroFloats(args));
    layout.take<const float*>(std::min<int64_t>(args.threads, conv3dRowTasks(args)) *
                              conv3dRowPointers(args));
    return layout.bytes();
  }
  return conv3dDirectWorkspaceBytes(args, 0);
}

}  // namespace vk
