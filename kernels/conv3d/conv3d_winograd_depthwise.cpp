#include "conv3d/conv3d_winograd_depthwise.h"

#include <algorithm>

#include "conv3d/conv3d_depthwise.h"
#include "core/parallel.h"

namespace vk {
namespace {

/** In the Frobenius norm; measured, rounded up. */
constexpr double kError = 3e-7;
/** What a block's input may take: a part of the second-level cache, where the next block's input
 * comes to while this one's is read. */
constexpr int64_t kBlockBytes = 256 * 1024;
/** Of a thread; longer rows leave the second-level cache, and would need much memory. */
constexpr int64_t kMostScratchFloats = 1 << 20;

}  // namespace

WinogradDepthwiseTiling::WinogradDepthwiseTiling(const Conv3dArgs& args) {
  const int64_t tileBytes = kWinogradDepthwisePlanes * kWinogradRows * args.inSize[2] *
                            static_cast<int64_t>(sizeof(float));
  const int64_t tiles = chunkCount(args.outSize[1], kWinogradRows);
  blockRows = evenShare(tiles, kBlockBytes / (tileBytes + 1)) * kWinogradRows;
  columns = std::clamp<int64_t>(args.outSize[2] + 2 - args.paddingBegin[2], 0, args.inSize[2]);
  lead = roundUp(std::max<int64_t>(args.paddingBegin[2], 0), kWinogradDepthwiseLanes);
  const int64_t width = roundUp(args.outSize[2], kWinogradDepthwiseLanes);
  pitch =
      lead + roundUp(std::max(columns, width + 2 - args.paddingBegin[2]), kWinogradDepthwiseLanes);
  valueFloats = kWinogradRowValues * (kWinogradDepthwisePlanes + 2) * pitch;
  sumFloats = kWinogradRowValues * kWinogradDepthwisePlanes * kWinogradDepthwiseVectors *
              kWinogradDepthwiseLanes;
  scratchFloats = valueFloats + sumFloats;
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
