#include "conv3d/conv3d_amx.h"

#include <algorithm>

#include "conv3d/conv3d_bf16.h"
#include "conv3d/conv3d_winograd.h"
#include "core/parallel.h"
#include "core/scratch.h"

#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace vk {
namespace {

/** Of a band's input: with the sums and the weights it stays in the second-level cache. */
constexpr int64_t kBandBytes = 768 * 1024;
/** A thread's, so that the last ones to finish do not leave the others waiting for long. */
constexpr int64_t kTasksOfThread = 16;

/** Vector operations as `conv3dLeastCost` counts them, with loads and stores; measured, and half as
 * much again, because with few channels it counts more for Winograd than that takes. */
double cost(const Conv3dArgs& args) {
  const double voxels = double(args.outSize[0]) * double(args.outSize[1]) *
                        double(roundUp(args.outSize[2], kAmxVoxels));
  const double inVoxels = double(args.inSize[0]) * double(args.inSize[1]) * double(args.inSize[2]);
  const double products = double(conv3dTaps(args)) *
                          double(roundUp(args.inChannels, 2 * kAmxPairs)) *
                          double(roundUp(args.outChannels, kAmxOutputs)) / 22;
  return voxels * (products + 30 * double(args.outChannels)) +
         inVoxels * 18 * double(args.inChannels);
}

}  // namespace

bool conv3dAmxAvailable() {
#if defined(__x86_64__) && defined(__linux__)
  static const bool available = [] {
    constexpr long kRequestPermission = 0x1023;
    constexpr long kTileData = 18;
    return __builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-bf16") &&
           conv3dBf16Available() && syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
  }();
  return available;
#else
  return false;
#endif
}

AmxTiling::AmxTiling(const Conv3dArgs& args) {
  Conv3dArgs pairs = args;
  pairs.inChannels = amxPairBlocks(args) * kAmxPairs;
  band =
      conv3dTiling(pairs, {.cacheBytes = kBandBytes, .enoughTasks = args.threads * kTasksOfThread});
  conv3dSetRanges(args, roundUp(band.rangeChannels, kAmxBlock), band);
  const int64_t width = args.outSize[2];
  pitch = std::max<int64_t>(
      (width - 1) * args.stride[2] + (args.kernel[2] - 1) * args.dilation[2] + 1, 1);
  joined = args.stride[1] == 1 && args.stride[2] == 1 &&
           chunkCount((band.bandRows - 1) * pitch + width, kAmxVoxels) <
               band.bandRows * chunkCount(width, kAmxVoxels);
  blockWords = band.inputRows * pitch * kAmxPairs;
  planeWords = amxPairBlocks(args) * blockWords;
  // The last matrix reaches beyond its run.
  scratchWords = band.ring * planeWords + kAmxVoxels * args.stride[2] * kAmxPairs;
}

int64_t AmxTiling::runTiles(const Conv3dArgs& args, int64_t rows) const {
  return chunkCount(joined ? (rows - 1) * pitch + args.outSize[2] : args.outSize[2], kAmxVoxels);
}

Refusal conv3dAmxAccepts(const Conv3dArgs& args) {
  if (args.type != VK_F32) return "takes f32 only";
  if (args.accuracy < kConv3dBf16Error) return "errs more than is accepted";
  if (args.inChannels < 2) return "takes two input channels of a group or more";
  if (args.stride[2] > kAmxMostStride) return "takes strides along x of up to 4 only";
  if (!args.anyCost && cost(args) > conv3dLeastCost(args)) return "takes longer here than it saves";
  // Last, because it asks the system.
  if (!conv3dAmxAvailable()) return "needs a processor with AMX for bfloat16";
  return {};
}

int64_t conv3dAmxWorkspaceBytes(const Conv3dArgs& args) {
  const AmxTiling tiling(args);
  if (tiling.band.tasks == 0) return 0;
  const int64_t slots = std::min<int64_t>(args.threads, tiling.band.tasks);
  WorkspaceLayout layout(nullptr);
  layout.take<float>(slots * tiling.scratchWords);
  layout.take<float>(slots * kAmxSums);
  layout.take<int64_t>(slots * conv3dTaps(args));
  return layout.bytes();
}

int64_t conv3dAmxPackedBytes(const Conv3dArgs& args) {
  return args.groups * roundUp(args.outChannels, kAmxOutputs) * amxPairBlocks(args) * kAmxPairs *
         conv3dTaps(args) * static_cast<int64_t>(sizeof(float));
}

}  // namespace vk
