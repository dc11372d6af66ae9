// Gradient of a convolution's weights and bias. Independent of the instruction set.
#pragma once

#include "conv3d/conv3d.h"
#include "conv3d/conv3d_tiling.h"

namespace vk {

/** Sizes are the convolution's; its output, weights and bias are not used. */
struct Conv3dGradientWeightsArgs : Conv3dArgs {
  /** Of the output's shape. */
  const void* upstream;
  /** Of the weights' shape. */
  void* gradient;
  /** One value an output channel; null for none. */
  void* gradientBias;
};

/** How the sums over voxels are cut. A box is some output planes by a band of rows by all x: its
 * inputs and its upstream lie in scratch memory while every sum takes what the box adds to it. The
 * input's share is that of a convolution of stride `planes` along z, an output plane of which needs
 * what a box needs.
 *
 * A task is a range of output channels of a group by a range of its input channels, over a chunk of
 * the boxes of all images. Chunks have sums of their own, which are added in order. */
struct Conv3dWeightsTiling {
  /** One image, the most input channels of a task, one group. */
  Conv3dArgs boxes;
  Conv3dTiling tiling;
  /** Output planes of a box. */
  int64_t planes;
  int64_t outEach;
  int64_t inEach;
  int64_t outRanges;
  int64_t inRanges;
  /** Runs of boxes (tiling.tasks an image) of a chunk. */
  int64_t chunkRuns;
  int64_t chunks;
  int64_t tasks;
  /** Sums of a chunk: all weights, then all biases. */
  int64_t sums;
  /** Scratch memory of a task: the tiling's, then the upstream of a box. */
  int64_t upstreamAt;
  int64_t upstreamRow;
  int64_t upstreamPlane;
  int64_t upstreamChannel;
  int64_t scratchFloats;
};

/** The input of a box as one channel and one tap see it. */
struct Conv3dShiftedInput {
  /** Its plane for the box's first output plane. */
  int64_t plane;
  /** Where it begins in a plane. */
  int64_t offset;
};

Conv3dWeightsTiling conv3dWeightsTiling(const Conv3dGradientWeightsArgs& args);

void conv3dGradientWeightsReference(const Conv3dGradientWeightsArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<Conv3dGradientWeightsArgs>> conv3dGradientWeightsCpuTable;
int64_t conv3dGradientWeightsWorkspaceBytes(const Conv3dGradientWeightsArgs&);

}  // namespace vk
