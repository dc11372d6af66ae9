// Winograd's minimal filtering F(2, 3) in three dimensions: 2 x 2 x 2 outputs of a 3 x 3 x 3 kernel
// by 64 multiplications a channel instead of 216.
#pragma once

#include "conv3d/conv3d_tiling.h"

namespace vk {

constexpr int64_t kWinogradOutputs = 2;
constexpr int64_t kWinogradInputs = 4;
/** Values of a transformed tile. */
constexpr int64_t kWinogradValues = kWinogradInputs * kWinogradInputs * kWinogradInputs;

/** The convolution of stride 2 and kernel 4 x 4 x 4 whose outputs are the tiles. */
Conv3dArgs conv3dTiles(const Conv3dArgs& args);

Conv3dTiling conv3dWinogradTiling(const Conv3dArgs& tiles);

/** Floats of one scratch area: the tiling's, then transformed tiles, then their sums. */
struct WinogradScratch {
  int64_t tilesAt;
  /** From a value of the tiles to the next: input channels by voxels of a block, at most. */
  int64_t tileFloats;
  int64_t sumsAt;
  int64_t sumFloats;
  int64_t floats;
};

WinogradScratch winogradScratch(const Conv3dArgs& args, const Conv3dTiling& tiling);

/** Empty, or why the direct convolution should take these arguments. */
Refusal conv3dWinogradAccepts(const Conv3dArgs& args);
int64_t conv3dWinogradPackedBytes(const Conv3dArgs& args);
int64_t conv3dWinogradWorkspaceBytes(const Conv3dArgs& args);
extern const SimdTable<Kernel<Conv3dArgs>> conv3dWinogradCpuTable;
extern const SimdTable<Kernel<Conv3dArgs>> conv3dWinogradPackCpuTable;

}  // namespace vk
