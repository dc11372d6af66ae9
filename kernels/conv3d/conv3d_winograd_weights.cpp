#include "conv3d/conv3d_winograd_weights.h"

#include <algorithm>

#include "conv3d/conv3d_winograd.h"
#include "core/parallel.h"
#include "core/scratch.h"

namespace vk {
namespace {

/** In the Frobenius norm, measured, rounded up. */
constexpr double kError = 4e-6;

/** Of the widest vectors. */
constexpr int64_t kLanes = 16;
constexpr int64_t kTile = 4;
constexpr int64_t kSlice = 36;
constexpr int64_t kStripTiles = 32;
/** Tiles of a batch: enough that loading and storing the sums takes less time than the products,
 * and few enough that the values of all channels stay in a cache. */
constexpr int64_t kLeastTiles = 32;
constexpr int64_t kMostTiles = 64;
constexpr int64_t kBatchChannels = 4096;
constexpr int64_t kRangeChannels = 64;
/** Tasks that keep a few tens of cores busy. */
constexpr int64_t kEnoughTasks = 64;
/** What the sums of all chunks may take, if there is more than one. */
constexpr int64_t kSumBytes = int64_t{32} << 20;
/** Batches that pay for sums of their own. */
constexpr int64_t kLeastBatches = 2;

bool empty(const Conv3dGradientWeightsArgs& args) {
  return args.batch * args.outSize[0] * args.outSize[1] * args.outSize[2] * args.inChannels *
             args.outChannels ==
         0;
}

}  // namespace

WinogradWeightsTiling winogradWeightsTiling(const Conv3dGradientWeightsArgs& args, int64_t planes) {
  WinogradWeightsTiling t{};
  if (empty(args)) return t;
  const int64_t tile[] = {planes, kTile, kTile};
  for (int axis = 0; axis < 3; ++axis) t.tiles[axis] = chunkCount(args.outSize[axis], tile[axis]);
  t.stripTiles = evenShare(t.tiles[2], kStripTiles);
  t.rowStrips = chunkCount(t.tiles[2], t.stripTiles);
  t.strips = args.batch * t.tiles[0] * t.tiles[1] * t.rowStrips;
  t.inEach = roundUp(evenShare(args.inChannels, kRangeChannels), kLanes);
  t.outEach = evenShare(args.outChannels, kRangeChannels);
  t.inRanges = chunkCount(args.inChannels, t.inEach);
  t.outRanges = chunkCount(args.outChannels, t.outEach);
  t.inFloats = t.inEach;
  t.outFloats = roundUp(t.outEach, kLanes);
  const int64_t tiles =
      std::clamp(kBatchChannels / (t.inFloats + t.outFloats), kLeastTiles, kMostTiles);
  t.batchStrips = std::min(std::max<int64_t>(tiles / t.stripTiles, 1), t.strips);
  t.batchTiles = t.batchStrips * t.stripTiles;
  const int64_t values = winogradValues(planes) * kSlice;
  t.biasAt = values * t.outEach * t.inFloats;
  t.sumFloats = t.biasAt + t.outFloats;

  const int64_t ranges = args.groups * t.inRanges * t.outRanges;
  const int64_t batches = chunkCount(t.strips, t.batchStrips);
  const int64_t fitting = kSumBytes / (ranges * t.sumFloats * static_cast<int64_t>(sizeof(float)));
  const int64_t wanted = std::max<int64_t>(
      std::min({chunkCount(kEnoughTasks, ranges), fitting, batches / kLeastBatches}), 1);
  t.chunkStrips = chunkCount(batches, wanted) * t.batchStrips;
  t.chunks = chunkCount(t.strips, t.chunkStrips);
  t.tasks = t.chunks * ranges;

  // An odd number of lines: what lies a power of two apart would share a cache set. A line is
  // written and read in whole vectors.
  t.rowFloats = roundUp(kTile * t.stripTiles + 2, kLanes) | kLanes;
  t.lineFloats = kLanes * t.rowFloats;
  t.columnFloats = (roundUp(kTile * t.stripTiles + 2, kLanes) + kLanes) * kLanes;
  t.scratchFloats = values / 6 * t.lineFloats + t.columnFloats +
                    values * t.batchTiles * (t.inFloats + t.outFloats);
  t.zeroFloats = std::max(args.inSize[2], args.outSize[2]);
  return t;
}

namespace {

/** Vector operations that the direct kernel needs. */
double directCost(const Conv3dGradientWeightsArgs& args) {
  return double(args.batch * args.groups) * double(args.outSize[0]) * double(args.outSize[1]) *
         double(roundUp(args.outSize[2], 4)) / kLanes * 1.25 * double(conv3dTaps(args)) *
         double(args.inChannels) * double(args.outChannels);
}

/** Those of Winograd's domain, with transforms, loads and stores. */
double winogradCost(const Conv3dGradientWeightsArgs& args, int64_t planes) {
  const WinogradWeightsTiling t = winogradWeightsTiling(args, planes);
  const double values = double(winogradValues(planes) * kSlice);
  const double in = double(t.inRanges * t.inFloats / kLanes);
  const double out = double(t.outRanges * t.outFloats / kLanes);
  // Of a vector of channels of a strip: along z and y, transposed, along x.
  const auto side = [&](int64_t voxels) {
    const double vectors = double(chunkCount(voxels, kLanes));
    return vectors * values / 6 * (kLanes * 8 + 100) + double(t.stripTiles) * values * 5;
  };
  const double products = 1.15 * double(t.stripTiles) * values * double(args.outChannels) * in;
  const double strip = products + double(t.outRanges) * in * side(kTile * t.stripTiles + 2) +
                       double(t.inRanges) * out * side(kTile * t.stripTiles);
  const double sums = 10 * values * double(t.chunks) * double(args.outChannels) * in;
  return double(args.groups) * (double(t.strips) * strip + sums);
}

template <int64_t Planes>
Refusal accepts(const Conv3dGradientWeightsArgs& args) {
  if (args.type != VK_F32) return "takes f32 only";
  for (int axis = 0; axis < 3; ++axis) {
    const int64_t kernel = axis == 0 && Planes == 1 ? 1 : 3;
    if (args.kernel[axis] != kernel || args.stride[axis] != 1 || args.dilation[axis] != 1) {
      return Planes == 1 ? "takes kernels of 3 x 3 x 1, stride 1 and dilation 1 only"
                         : "takes kernels of 3 x 3 x 3, stride 1 and dilation 1 only";
    }
  }
  if (args.accuracy < kError) return "errs more than is accepted";
  if (empty(args)) return "takes tensors with values only";
  if (!args.anyCost && winogradCost(args, Planes) > directCost(args)) {
    return "has more to transform than it saves";
  }
  return {};
}

template <int64_t Planes>
int64_t workspaceBytes(const Conv3dGradientWeightsArgs& args) {
  const WinogradWeightsTiling t = winogradWeightsTiling(args, Planes);
  WorkspaceLayout layout(nullptr);
  layout.take<float>(t.tasks * t.sumFloats);
  layout.take<float>(t.zeroFloats);
  layout.take<float>(std::min<int64_t>(args.threads, t.tasks) * t.scratchFloats);
  return layout.bytes();
}

}  // namespace

using WinogradWeightsTable = SimdTable<Kernel<Conv3dGradientWeightsArgs>>;
extern const WinogradWeightsTable conv3dWinogradWeights4Table;
extern const WinogradWeightsTable conv3dWinogradWeights1Table;

const WinogradWeightsImplementation* winogradWeightsImplementations() {
  static const WinogradWeightsImplementation forms[kWinogradWeightsForms] = {
      {{"cpu-winograd-4x4x4-avx512", "cpu-winograd-4x4x4-avx2", "cpu-winograd-4x4x4-neon",
        "cpu-winograd-4x4x4-portable"},
       accepts<4>,
       workspaceBytes<4>,
       &conv3dWinogradWeights4Table},
      {{"cpu-winograd-4x4x1-avx512", "cpu-winograd-4x4x1-avx2", "cpu-winograd-4x4x1-neon",
        "cpu-winograd-4x4x1-portable"},
       accepts<1>,
       workspaceBytes<1>,
       &conv3dWinogradWeights1Table}};
  return forms;
}

}  // namespace vk
