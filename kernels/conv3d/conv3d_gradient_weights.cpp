#include "conv3d/conv3d_gradient_weights.h"

#include <algorithm>
#include <cmath>

#include "core/parallel.h"
#include "core/scratch.h"

namespace vk {
namespace {

/** What the input and the upstream of a box may take: a core's second-level cache, nearly. */
constexpr double kBoxBytes = 896 * 1024;
constexpr int64_t kMostPlanes = 16;
/** Most channels of a task's ranges. */
constexpr int64_t kRangeChannels = 32;
constexpr int64_t kLeastChannels = 4;
/** Tasks that keep a few tens of cores busy. */
constexpr int64_t kEnoughTasks = 64;
/** What the sums of all chunks may take, if there is more than one. */
constexpr int64_t kSumBytes = int64_t{32} << 20;
constexpr int64_t kMostLanes = 16;

/** The convolution whose output planes are the boxes' of `planes` planes. */
Conv3dArgs boxesOf(const Conv3dGradientWeightsArgs& args, int64_t inChannels, int64_t planes) {
  Conv3dArgs boxes = args;
  boxes.batch = 1;
  boxes.groups = 1;
  boxes.inChannels = inChannels;
  boxes.outChannels = 1;
  boxes.kernel[0] = (planes - 1) * args.stride[0] + (args.kernel[0] - 1) * args.dilation[0] + 1;
  boxes.dilation[0] = 1;
  boxes.stride[0] = planes * args.stride[0];
  boxes.outSize[0] = chunkCount(args.outSize[0], planes);
  return boxes;
}

/** Sets boxes of `planes` planes for ranges of `inEach` channels. Returns what they cost beyond the
 * products, as a share of those. */
double setBoxes(const Conv3dGradientWeightsArgs& args, int64_t inEach, int64_t planes,
                Conv3dWeightsTiling& t) {
  // Input and upstream of a voxel; a band of input has rows and planes more than its upstream.
  const double input =
      2.0 * double(inEach * args.stride[0]) * double(args.stride[1]) * double(args.stride[2]);
  const auto inputBytes = int64_t(kBoxBytes * input / (input + double(t.outEach)));
  t.inEach = inEach;
  t.planes = planes;
  t.boxes = boxesOf(args, inEach, planes);
  t.tiling = conv3dTiling(t.boxes, {.cacheBytes = inputBytes});
  const double voxels = double(args.outSize[0] * args.outSize[1] * args.outSize[2]);
  const double boxVoxels =
      voxels / double(t.boxes.outSize[0] * t.tiling.lattices[1] * t.tiling.bands);
  const double taps = double(conv3dTaps(args));
  const double inputFloats = double(t.tiling.ring * t.tiling.channelFloats);
  // In operations on vectors: 5 bring a sum's lanes together, 4 copy.
  const double cost = 5 * 16 / boxVoxels +
                      4 * inputFloats / (double(t.outEach) * taps * boxVoxels) +
                      4 / (double(inEach) * taps);
  const double excess =
      double(t.tiling.scratchFloats * int64_t(sizeof(float))) / double(inputBytes);
  return excess > 1 ? (1 + cost) * excess : cost;
}

}  // namespace

Conv3dWeightsTiling conv3dWeightsTiling(const Conv3dGradientWeightsArgs& args) {
  Conv3dWeightsTiling best{};
  best.outEach = evenShare(args.outChannels, kRangeChannels);
  Conv3dWeightsTiling t = best;
  double least = HUGE_VAL;
  const int64_t mostPlanes = std::min(std::max<int64_t>(args.outSize[0], 1), kMostPlanes);
  for (int64_t most = kRangeChannels; most >= kLeastChannels; most /= 2) {
    for (int64_t planes = 1; planes <= mostPlanes; ++planes) {
      const double cost = setBoxes(args, evenShare(args.inChannels, most), planes, t);
      if (cost < least || best.planes == 0) {
        least = cost;
        best = t;
      }
    }
  }
  t = best;
  t.outRanges = chunkCount(args.outChannels, t.outEach);
  // One range even of no channels, for the bias.
  t.inRanges = std::max<int64_t>(chunkCount(args.inChannels, t.inEach), 1);
  t.sums = args.groups * args.outChannels * (args.inChannels * conv3dTaps(args) + 1);
  const int64_t runs = args.batch * t.tiling.tasks;
  const int64_t ranges = std::max<int64_t>(args.groups * t.outRanges * t.inRanges, 1);
  const int64_t fitting =
      kSumBytes / (std::max<int64_t>(t.sums, 1) * static_cast<int64_t>(sizeof(float)));
  const int64_t wanted =
      std::max<int64_t>(std::min({chunkCount(kEnoughTasks, ranges), fitting, runs}), 1);
  t.chunkRuns = chunkCount(runs, wanted);
  t.chunks = runs == 0 ? 0 : chunkCount(runs, t.chunkRuns);
  t.tasks = t.chunks * args.groups * t.outRanges * t.inRanges;

  t.upstreamAt = chunkCount(t.tiling.scratchFloats, kMostLanes) * kMostLanes;
  // Rows are as far apart as the input's, or begin with whole vectors.
  t.upstreamRow = chunkCount(args.outSize[2], kMostLanes) * kMostLanes;
  t.upstreamPlane =
      chunkCount(t.tiling.bandRows * std::max(t.tiling.pitch, t.upstreamRow), kMostLanes) *
      kMostLanes;
  // An odd number of lines: channels that lie a power of two apart would share a cache set.
  t.upstreamChannel = (t.planes * t.upstreamPlane) | kMostLanes;
  t.scratchFloats = t.upstreamAt + t.outEach * t.upstreamChannel;
  return t;
}

int64_t conv3dGradientWeightsWorkspaceBytes(const Conv3dGradientWeightsArgs& args) {
  const Conv3dWeightsTiling t = conv3dWeightsTiling(args);
  if (t.tasks == 0) return 0;
  WorkspaceLayout layout(nullptr);
  const int64_t slots = std::min<int64_t>(args.threads, t.tasks);
  layout.take<float>(t.chunks * t.sums);
  layout.take<float>(slots * t.scratchFloats);
  layout.take<int64_t>(slots * conv3dTaps(t.boxes));
  layout.take<Conv3dShiftedInput>(slots * t.inEach * conv3dTaps(args));
  return layout.bytes();
}

}  // namespace vk
