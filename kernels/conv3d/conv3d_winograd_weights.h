// The gradient of the weights in Winograd's domain, for kernels of three taps, stride 1, not
// dilated.
//
// A tile of upstream takes the weights' place and the weights the outputs': with the forward's
// values of input and upstream, a weight's gradient is a transform of 216 sums over all tiles.
#pragma once

#include "conv3d/conv3d_gradient_weights.h"

namespace vk {

/** How the sums over tiles are cut. A strip is a run of tiles along x, a batch some strips one
 * after the other, whose values are computed before they are multiplied. A chunk is some batches,
 * with sums of its own. A task is a chunk for a range of a group's input channels by a range of
 * its output channels. */
struct WinogradWeightsTiling {
  int64_t tiles[3];
  /** Most tiles of a strip, strips of a row, and of all images. */
  int64_t stripTiles;
  int64_t rowStrips;
  int64_t strips;
  int64_t batchStrips;
  int64_t chunkStrips;
  int64_t chunks;
  int64_t inEach;
  int64_t outEach;
  int64_t inRanges;
  int64_t outRanges;
  int64_t tasks;

  /** From a tile to the next: its channels, whole vectors. */
  int64_t inFloats;
  int64_t outFloats;
  /** Tiles of a batch. */
  int64_t batchTiles;
  /** Sums of a task: [value][output channel][input channel], then those of the bias. */
  int64_t biasAt;
  int64_t sumFloats;
  /** A strip transformed along z and y: [value][channel][x]. */
  int64_t rowFloats;
  int64_t lineFloats;
  /** One of those lines with channels in the lanes: [x][channel]. */
  int64_t columnFloats;
  /** Of a thread. */
  int64_t scratchFloats;
  /** A row of zeros, which all threads read. */
  int64_t zeroFloats;
};

/** `planes` of a tile: 4, or 1 where the kernel has one plane. */
WinogradWeightsTiling winogradWeightsTiling(const Conv3dGradientWeightsArgs& args, int64_t planes);

/** One of the forms that are compiled. */
struct WinogradWeightsImplementation {
  const char* names[4];
  Refusal (*accepts)(const Conv3dGradientWeightsArgs&);
  int64_t (*workspaceBytes)(const Conv3dGradientWeightsArgs&);
  const SimdTable<Kernel<Conv3dGradientWeightsArgs>>* run;
};

constexpr int64_t kWinogradWeightsForms = 2;
const WinogradWeightsImplementation* winogradWeightsImplementations();

}  // namespace vk
