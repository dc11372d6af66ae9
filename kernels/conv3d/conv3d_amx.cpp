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

/** Of a band's input, as much of it as is summed together: with the sums and the weights it stays
 * in the second-level cache. */
constexpr int64_t kBandBytes = 768 * 1024;
/** Of all of it, where that is more. */
constexpr int64_t kMostBandBytes = 2048 * 1024;
/** Of the weights that are summed together. */
constexpr int64_t kWeightBytes = 448 * 1024;
/** A thread's, so that the last ones to finish do not leave the others waiting for long. */
constexpr int64_t kTasksOfThread = 16;

/** Whether one long row of `rows` rows, padding included, takes fewer matrices of voxels than they
 * do one by one. */
bool joins(const Conv3dArgs& args, int64_t rows, int64_t pitch) {
  return args.stride[1] == 1 && args.stride[2] == 1 &&
         chunkCount((rows - 1) * pitch + args.outSize[2], kAmxVoxels) <
             rows * chunkCount(args.outSize[2], kAmxVoxels);
}

/** From a row to the next, in voxels. */
int64_t pitchOf(const Conv3dArgs& args) {
  return std::max<int64_t>(
      (args.outSize[2] - 1) * args.stride[2] + (args.kernel[2] - 1) * args.dilation[2] + 1, 1);
}

}  // namespace

// Measured, and half as much again, because with few channels it counts more for Winograd than that
// takes.
double amxCost(const Conv3dArgs& args, int64_t parts, double taps, double outputs) {
  const int64_t rows = args.outSize[1];
  const int64_t rowVoxels = joins(args, rows, pitchOf(args))
                                ? roundUp((rows - 1) * pitchOf(args) + args.outSize[2], kAmxVoxels)
                                : rows * roundUp(args.outSize[2], kAmxVoxels);
  const double voxels = double(args.outSize[0]) * double(rowVoxels);
  const double inVoxels = double(args.inSize[0]) * double(args.inSize[1]) * double(args.inSize[2]);
  const double products = taps * double(roundUp(args.inChannels, 2 * kAmxPairs)) *
                          double(roundUp(args.outChannels, kAmxOutputs)) / (parts == 1 ? 22 : 9);
  return voxels * (products + 30 * outputs) +
         inVoxels * 18 * double(parts) * double(args.inChannels);
}

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

AmxTiling::AmxTiling(const Conv3dArgs& args, int64_t parts, bool whole) {
  const int64_t pairBlocks = amxPairBlocks(args);
  const int64_t blockBytes =
      conv3dTaps(args) * parts * kAmxPairs * kAmxBlock * static_cast<int64_t>(sizeof(float));
  blocksTogether = whole ? pairBlocks : evenShare(pairBlocks, kWeightBytes / blockBytes);
  Conv3dArgs pairs = args;
  pairs.inChannels = pairBlocks * parts * kAmxPairs;
  // With a stride it is copied that most of the time goes into, from a larger band no less.
  const int64_t bandBytes =
      args.stride[2] > 1
          ? kBandBytes
          : std::min(kBandBytes * chunkCount(pairBlocks, blocksTogether), kMostBandBytes);
  band =
      conv3dTiling(pairs, {.cacheBytes = bandBytes, .enoughTasks = args.threads * kTasksOfThread});
  conv3dSetRanges(args, roundUp(band.rangeChannels, kAmxBlock), band);
  pitch = pitchOf(args);
  joined = joins(args, band.bandRows, pitch);
  partWords = band.inputRows * pitch * kAmxPairs;
  planeWords = pairBlocks * parts * partWords;
  // The last matrix reaches beyond its run.
  scratchWords = band.ring * planeWords + kAmxVoxels * args.stride[2] * kAmxPairs;
  sums = blocksTogether >= pairBlocks
             ? kAmxSums
             : roundUp(tiles(args, band.bandRows), 4) * kAmxVoxels * kAmxBlock;
}

int64_t AmxTiling::tiles(const Conv3dArgs& args, int64_t rows) const {
  return (joined ? 1 : rows) * runTiles(args, rows);
}

int64_t AmxTiling::runTiles(const Conv3dArgs& args, int64_t rows) const {
  return chunkCount(joined ? (rows - 1) * pitch + args.outSize[2] : args.outSize[2], kAmxVoxels);
}

AmxPlace AmxTiling::placeOf(int64_t tile, int64_t runTiles) const {
  if (!joined) return {tile / runTiles, tile % runTiles * kAmxVoxels};
  const int64_t position = tile * kAmxVoxels;
  return {position / pitch, position % pitch};
}

namespace {

template <int64_t kParts>
Refusal accepts(const Conv3dArgs& args) {
  if (args.type != VK_F32) return "takes f32 only";
  if (args.accuracy < (kParts == 1 ? kConv3dBf16Error : kConv3dAmxSplitError)) {
    return "errs more than is accepted";
  }
  if (args.inChannels < 2) return "takes two input channels of a group or more";
  if (args.stride[2] > kAmxMostStride) return "takes strides along x of up to 4 only";
  if (!args.anyCost && amxCost(args, kParts, double(conv3dTaps(args)), double(args.outChannels)) >
                           conv3dLeastCost(args)) {
    return "takes longer here than it saves";
  }
  // Last, because it asks the system.
  if (!conv3dAmxAvailable()) return "needs a processor with AMX for bfloat16";
  return {};
}

template <int64_t kParts>
int64_t workspaceBytes(const Conv3dArgs& args) {
  const AmxTiling tiling(args, kParts);
  if (tiling.band.tasks == 0) return 0;
  const int64_t slots = std::min<int64_t>(args.threads, tiling.band.tasks);
  WorkspaceLayout layout(nullptr);
  layout.take<float>(slots * tiling.scratchWords);
  layout.take<float>(slots * tiling.sums);
  layout.take<int64_t>(slots * conv3dTaps(args));
  return layout.bytes();
}

template <int64_t kParts>
int64_t packedBytes(const Conv3dArgs& args) {
  return args.groups * roundUp(args.outChannels, kAmxOutputs) * amxPairBlocks(args) * kParts *
         kAmxPairs * conv3dTaps(args) * static_cast<int64_t>(sizeof(float));
}

}  // namespace

extern const SimdTable<Kernel<Conv3dArgs>> conv3dAmxCpuTable, conv3dAmxPackCpuTable;
extern const SimdTable<Kernel<Conv3dArgs>> conv3dAmxSplitCpuTable, conv3dAmxSplitPackCpuTable;

AmxImplementation amxImplementation(int64_t parts) {
  if (parts == 1) {
    return {accepts<1>, workspaceBytes<1>, packedBytes<1>, &conv3dAmxCpuTable,
            &conv3dAmxPackCpuTable};
  }
  return {accepts<2>, workspaceBytes<2>, packedBytes<2>, &conv3dAmxSplitCpuTable,
          &conv3dAmxSplitPackCpuTable};
}

}  // namespace vk
