#include "conv3d/conv3d_amx_first.h"

#include <algorithm>

#include "conv3d/conv3d_amx.h"
#include "conv3d/conv3d_bf16.h"
#include "conv3d/conv3d_winograd.h"
#include "core/scratch.h"

namespace vk {
namespace {

constexpr int64_t kLanes = 16;
/** In the Frobenius norm; measured, rounded up. */
constexpr double kError = 5e-6;
/** Of a band's input: it stays in the second-level cache. */
constexpr int64_t kBandBytes = 512 * 1024;
/** Of a channel: more would take more memory and packed weights than they are worth. */
constexpr int64_t kMostTaps = 343;
constexpr int64_t kMostChannels = 4;

/** Vector operations as `conv3dLeastCost` counts them; measured. */
double cost(const Conv3dArgs& args) {
  const AmxFirstTiling t = AmxFirstTiling::ofKernel(args);
  const double voxels =
      double(args.outSize[0]) * double(args.outSize[1]) * double(roundUp(args.outSize[2], kLanes));
  const double in = double(args.inChannels);
  const double out = double(args.outChannels);
  const double products = double(t.matrices) * in * double(roundUp(args.outChannels, kLanes));
  const double each = args.accuracy < kConv3dBf16Error ? 5 : 2;
  return voxels * (each * (products + 6 * double(t.lines) * in) + 12 * out);
}

}  // namespace

AmxFirstTiling AmxFirstTiling::ofKernel(const Conv3dArgs& args) {
  AmxFirstTiling t;
  t.turns = args.kernel[0];
  t.lines = args.kernel[0] * (args.kernel[2] / 2) +
            (args.kernel[2] % 2 == 1 ? chunkCount(args.kernel[0], 2) : 0);
  t.matrices = chunkCount(args.kernel[1] * t.lines, kLanes);
  t.matrixLines = chunkCount(args.kernel[1] * t.lines, t.matrices);
  return t;
}

AmxFirstTiling::AmxFirstTiling(const Conv3dArgs& args) : AmxFirstTiling(ofKernel(args)) {
  Conv3dArgs all = args;
  all.inChannels = chunkCount(2 * args.inChannels * lines, args.kernel[0]);
  band = conv3dTiling(all, {.cacheBytes = kBandBytes});
  conv3dSetRanges(args, roundUp(band.rangeChannels, kAmxFirstBlock), band);
  runs = chunkCount(args.outSize[2], kLanes);
  // An odd number of lines: runs that lie a power of two apart would share a cache set.
  channelWords = (band.inputRows * lines | 1) * kLanes;
  runWords = args.inChannels * channelWords;
  partWords = runs * runWords;
  scratchWords = 2 * partWords;
}

Refusal conv3dAmxFirstAccepts(const Conv3dArgs& args) {
  if (args.type != VK_F32) return "takes f32 only";
  if (args.accuracy < kError) return "errs more than is accepted";
  if (args.inChannels < 1 || args.inChannels > kMostChannels) {
    return "takes one to four input channels of a group only";
  }
  if (conv3dTaps(args) > kMostTaps) return "takes kernels of up to 343 taps only";
  for (int axis = 0; axis < 2; ++axis) {
    if (args.kernel[axis] > 1 && args.stride[axis] > 1 && args.dilation[axis] > 1) {
      return "takes no stride together with a dilation along z and y";
    }
  }
  if (!args.anyCost && cost(args) > conv3dLeastCost(args)) return "takes longer here than it saves";
  // Last, because it asks the system.
  if (!conv3dAmxAvailable()) return "needs a processor with AMX for bfloat16";
  return {};
}

int64_t conv3dAmxFirstWorkspaceBytes(const Conv3dArgs& args) {
  const AmxFirstTiling tiling(args);
  if (tiling.band.tasks == 0) return 0;
  const int64_t slots = std::min<int64_t>(args.threads, tiling.band.tasks);
  WorkspaceLayout layout(nullptr);
  layout.take<float>(slots * roundUp(tiling.scratchWords, kLanes));
  layout.take<float>(slots * 2 * kAmxFirstSums);
  layout.take<int64_t>(args.inChannels * tiling.matrices);
  return layout.bytes();
}

int64_t conv3dAmxFirstPackedBytes(const Conv3dArgs& args) {
  const AmxFirstTiling t = AmxFirstTiling::ofKernel(args);
  return args.groups * t.turns * chunkCount(args.outChannels, kLanes) * t.packedFloats(args) *
         static_cast<int64_t>(sizeof(float));
}

}  // namespace vk
