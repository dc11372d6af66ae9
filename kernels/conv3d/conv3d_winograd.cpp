#include "conv3d/conv3d_winograd.h"

#include <algorithm>

#include "core/parallel.h"
#include "core/scratch.h"

namespace vk {
namespace {

/** Most tiles and most output channels that are computed together. */
constexpr int64_t kMostTiles = 16 * 3;
constexpr int64_t kMostTogether = 8;

/** An odd number of lines: values that lie a power of two apart would share a cache set. */
int64_t oddLines(int64_t floats) { return chunkCount(floats, 16) * 16 | 16; }

}  // namespace

Conv3dArgs conv3dTiles(const Conv3dArgs& args) {
  Conv3dArgs tiles = args;
  for (int axis = 0; axis < 3; ++axis) {
    tiles.kernel[axis] = kWinogradInputs;
    tiles.stride[axis] = kWinogradOutputs;
    tiles.outSize[axis] = chunkCount(args.outSize[axis], kWinogradOutputs);
  }
  return tiles;
}

Conv3dTiling conv3dWinogradTiling(const Conv3dArgs& tiles) {
  // Only the transform reads a band's input; rows that bands share are copied twice.
  return conv3dTiling(tiles, 1280 * 1024);
}

WinogradScratch winogradScratch(const Conv3dArgs& args, const Conv3dTiling& tiling) {
  WinogradScratch scratch{};
  scratch.tilesAt = tiling.scratchFloats;
  scratch.tileFloats = oddLines(args.inChannels * kMostTiles);
  scratch.sumsAt = scratch.tilesAt + kWinogradValues * scratch.tileFloats;
  scratch.sumFloats = oddLines(kMostTogether * kMostTiles);
  scratch.floats = scratch.sumsAt + kWinogradValues * scratch.sumFloats;
  return scratch;
}

Refusal conv3dWinogradAccepts(const Conv3dArgs& args) {
  if (args.type != VK_F32) return "takes f32 only";
  for (int axis = 0; axis < 3; ++axis) {
    if (args.kernel[axis] != 3 || args.stride[axis] != 1 || args.dilation[axis] != 1) {
      return "takes kernels of 3 x 3 x 3, stride 1 and dilation 1 only";
    }
  }
  // Operations on vectors: the transforms of a tile cost about 400 an input and 250 an output
  // channel, with their loads and stores.
  const Conv3dArgs tiled = conv3dTiles(args);
  const double tiles =
      double(tiled.outSize[0]) * double(tiled.outSize[1]) * double(tiled.outSize[2] + 1);
  const double voxels = double(args.outSize[0]) * double(args.outSize[1]) * double(args.outSize[2]);
  const double in = double(args.inChannels);
  const double out = double(args.outChannels);
  if (tiles * (1.1 * double(kWinogradValues) * in * out + 400 * in + 250 * out) >
      voxels * 27 * in * out) {
    return "has more to transform here than it saves";
  }
  return {};
}

int64_t conv3dWinogradPackedBytes(const Conv3dArgs& args) {
  return args.groups * args.outChannels * args.inChannels * kWinogradValues *
         static_cast<int64_t>(sizeof(float));
}

int64_t conv3dWinogradWorkspaceBytes(const Conv3dArgs& args) {
  const Conv3dArgs tiled = conv3dTiles(args);
  const Conv3dTiling tiling = conv3dWinogradTiling(tiled);
  if (tiling.tasks == 0) return 0;
  WorkspaceLayout layout(nullptr);
  const int64_t slots = std::min<int64_t>(args.threads, tiling.tasks);
  layout.take<float>(slots * winogradScratch(args, tiling).floats);
  layout.take<int64_t>(slots * (kWinogradValues + args.inChannels));
  return layout.bytes();
}

}  // namespace vk
