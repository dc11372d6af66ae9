#include "conv3d/conv3d_winograd_depthwise.h"

#include <algorithm>

#include "conv3d/conv3d_depthwise.h"
#include "core/parallel.h"

namespace vk {
namespace {

/** In the Frobenius norm; measured, rounded up. */
constexpr double kError = 3e-7;
/** Of the widest vectors. */
constexpr int64_t kLanes = 16;
/** What the sums of a band may take: a part of the second-level cache. They are read and written in
 * turn; the wider a band, the longer the runs of input. */
constexpr int64_t kBandBytes = 128 * 1024;
/** Of a thread; longer rows leave the second-level cache, and would need much memory. */
constexpr int64_t kMostScratchFloats = 1 << 20;

}  // namespace

WinogradDepthwiseTiling::WinogradDepthwiseTiling(const Conv3dArgs& args) {
  constexpr int64_t kEach = kWinogradDepthwisePlanes * kWinogradRowValues;
  width = roundUp(args.outSize[2], kLanes);
  lead = roundUp(std::max<int64_t>(args.paddingBegin[2], 0), kLanes);
  columns = std::clamp<int64_t>(args.outSize[2] + 2 - args.paddingBegin[2], 0, args.inSize[2]);
  pitch = lead + roundUp(std::max(columns, width + 2 - args.paddingBegin[2]), kLanes);
  const int64_t tileBytes = kEach * width * static_cast<int64_t>(sizeof(float));
  const int64_t tiles = chunkCount(args.outSize[1], kWinogradRows);
  bandRows = evenShare(tiles, kBandBytes / (tileBytes + 1)) * kWinogradRows;
  partialFloats = kEach * bandRows / kWinogradRows * width;
  scratchFloats = partialFloats + 2 * kEach * pitch;
}

Refusal winogradDepthwiseAccepts(const Conv3dArgs& args) {
  if (args.type != VK_F32) return "takes f32 only";
  if (!conv3dDepthwise(args) || args.kernel[0] != 3) {
    return "takes one input and one output channel a group, 3 x 3 x 3, no strides, no dilation "
           "only";
  }
  if (args.accuracy < kError) return "errs more than is accepted";
  if (WinogradDepthwiseTiling(args).scratchFloats > kMostScratchFloats) {
    return "takes shorter rows only";
  }
  return {};
}

int64_t winogradDepthwisePackedBytes(const Conv3dArgs& args) {
  return args.groups * 9 * kWinogradRowValues * static_cast<int64_t>(sizeof(float));
}

int64_t winogradDepthwiseWorkspaceBytes(const Conv3dArgs& args) {
  return conv3dDepthwiseWorkspaceBytes(args, WinogradDepthwiseTiling(args).scratchFloats);
}

}  // namespace vk
