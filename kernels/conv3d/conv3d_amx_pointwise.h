// The product of weights and voxels of conv3d_pointwise.h in the processor's matrix unit, with
// values of one part or of two as conv3d_amx.h has them.
#pragma once

#include "conv3d/conv3d_amx.h"
#include "conv3d/conv3d_pointwise.h"

namespace vk {

/** Voxels lie as [16 of them][block of pairs][part][pair][voxel], weights of up to 32 rows as
 * [block of pairs][part][matrix][row][pair]. */
struct AmxPointwise {
  Conv3dPointwise shape;
  int64_t parts;
  int64_t pairBlocks;

  AmxPointwise(const Conv3dArgs& args, int64_t parts);
  int64_t blocks() const { return shape.blocks(kConv3dPointwiseMostRows); }
  /** Words of 16 voxels, of a thread's panel, of the weights of a block of rows. */
  int64_t voxelWords() const { return pairBlocks * parts * kAmxPairs * kAmxVoxels; }
  int64_t panelWords() const { return chunkCount(shape.panel, 2 * kAmxVoxels) * 2 * voxelWords(); }
  int64_t blockWords() const { return pairBlocks * parts * kAmxPairs * kConv3dPointwiseMostRows; }
};

AmxImplementation amxPointwiseImplementation(int64_t parts);
/** The same for a transposed convolution. */
AmxImplementationOf<Conv3dTransposedArgs> amxPointwiseTransposedImplementation(int64_t parts);

constexpr const char* kAmxPointwiseNames[2] = {"cpu-amx-pointwise-bf16",
                                               "cpu-amx-pointwise-bf16x3"};

}  // namespace vk
