#include "conv3d/conv3d_winograd_rows.h"

#include <algorithm>
#include <cmath>

#include "conv3d/conv3d_winograd.h"
#include "core/parallel.h"
#include "core/scratch.h"

namespace vk {
namespace {

/** In the Frobenius norm; measured at up to 10 input channels, rounded up. */
double error(const Conv3dArgs& args) {
  return std::max(5e-7, 2e-7 * std::sqrt(1 + double(args.inChannels)));
}

/** Of the widest vectors. */
constexpr int64_t kLanes = 16;
/** Of a band's input: with its values, half as large again, it stays in the second-level cache. */
constexpr int64_t kBandBytes = 192 * 1024;

/** Vector operations as `conv3dLeastCost` counts them; measured. */
double cost(const Conv3dArgs& args) {
  const double voxels = double(args.outSize[0]) *
                        double(roundUp(args.outSize[1], kWinogradRows * args.dilation[1])) *
                        double(roundUp(args.outSize[2], kLanes));
  const double products = double(conv3dTaps(args) * kWinogradRowValues) / (3 * kWinogradRows);
  return voxels * ((1.05 * products * double(args.inChannels) + 4) *
                       double(roundUp(args.outChannels, winogradRowsBlock(args))) +
                   10 * double(args.inChannels));
}

}  // namespace

WinogradRowsTiling::WinogradRowsTiling(const Conv3dArgs& args)
    : band(conv3dTiling(args, {.cacheBytes = kBandBytes, .rowMultiple = kWinogradRows})) {
  conv3dSetRanges(args, roundUp(band.rangeChannels, winogradRowsBlock(args)), band);
  pitch = roundUp(band.pitch, kLanes);
  valueFloats = band.bandRows / kWinogradRows * pitch;
  // An odd number of lines: channels that lie a power of two apart would share a cache set.
  channelFloats = kWinogradRowValues * valueFloats | kLanes;
  planeFloats = args.inChannels * channelFloats;
  scratchFloats = roundUp(band.scratchFloats, kLanes) + band.ring * planeFloats + kConv3dMostVoxels;
  taps = args.kernel[0] * args.kernel[2];
}

int64_t winogradRowsBlock(const Conv3dArgs& args) {
  return roundUp(args.outChannels, 5) < roundUp(args.outChannels, 4) ? 5 : 4;
}

Refusal winogradRowsAccepts(const Conv3dArgs& args) {
  if (args.type != VK_F32) return "takes f32 only";
  if (args.kernel[1] != 3 || args.stride[1] != 1 || args.stride[2] != 1) {
    return "takes kernels of three rows and no strides along y and x only";
  }
  if (conv3dByRows(args)) return "takes several output channels only";
  if (args.accuracy < error(args)) return "errs more than is accepted";
  if (!args.anyCost && cost(args) > conv3dLeastCost(args)) return "takes longer here than it saves";
  return {};
}

int64_t winogradRowsPackedBytes(const Conv3dArgs& args) {
  return args.groups * roundUp(args.outChannels, winogradRowsBlock(args)) * args.inChannels *
         conv3dTaps(args) / 3 * kWinogradRowValues * static_cast<int64_t>(sizeof(float));
}

int64_t winogradRowsWorkspaceBytes(const Conv3dArgs& args) {
  const WinogradRowsTiling tiling(args);
  if (tiling.band.tasks == 0) return 0;
  const int64_t slots = std::min<int64_t>(args.threads, tiling.band.tasks);
  WorkspaceLayout layout(nullptr);
  layout.take<float>(slots * tiling.scratchFloats);
  layout.take<int64_t>(slots * (conv3dTaps(args) + tiling.taps));
  return layout.bytes();
}

}  // namespace vk
