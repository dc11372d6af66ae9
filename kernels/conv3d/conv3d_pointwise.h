// Convolutions whose outputs each read one voxel of the input: those of kernel 1, and transposed
// ones whose kernel is their stride. Both are a matrix product of weights and voxels.
#pragma once

#include "conv3d/conv3d_gradient_input.h"
#include "core/parallel.h"

namespace vk {

/** Input channels that are read where they lie, side by side: fewer do not keep the memory busy,
 * more are too many streams for the processor to follow. */
constexpr int64_t kConv3dPointwiseSideBySide = 8;
/** Three of the widest vectors. */
constexpr int64_t kConv3dPointwiseTile = 48;

/** The product has a row for each output channel and tap, rows that differ in the tap along x next
 * to each other: these are a line, whose outputs alternate. */
struct Conv3dPointwise {
  /** Input axes; those whose rows lie end to end in the output too are one. */
  int64_t size[3];
  int64_t kernel[3];
  int64_t voxels;
  /** Of a group. */
  int64_t lines;
  /** So few rows that the input is read once anyway: where it lies, as long runs of each channel,
   * while the sums stay in the second-level cache. Else panels of all channels are copied. */
  bool inPlace;
  /** Most voxels that are computed together, and most voxels of a task. */
  int64_t panel;
  int64_t slab;
  int64_t slabs;

  /** `copied`: by panels, however few rows there are. */
  explicit Conv3dPointwise(const Conv3dArgs& args, bool copied = false);
  int64_t rows() const { return lines * kernel[2]; }
  /** Blocks of lines with up to `mostRows` rows, and the first line of one. */
  int64_t blocks(int64_t mostRows) const { return chunkCount(lines, mostRows / kernel[2]); }
  int64_t blockBegin(int64_t mostRows, int64_t block) const {
    return block == 0 ? 0 : block * lines / blocks(mostRows);
  }
  /** From channel to channel of a copied panel; of what is read in place only the end is copied. */
  int64_t panelFloats() const { return inPlace ? kConv3dPointwiseTile : panel; }
  /** Of a thread: two panels, and the sums of what is read in place. */
  int64_t scratchFloats(int64_t inChannels) const {
    return 2 * panelFloats() * inChannels + (inPlace ? rows() * panel : 0);
  }
};

/** Most rows that are computed together. */
constexpr int64_t kConv3dPointwiseMostRows = 32;
/** Kernels up to this size. */
constexpr int64_t kConv3dPointwiseTaps = 4;

constexpr const char* kConv3dPointwiseNames[] = {"cpu-pointwise-avx512", "cpu-pointwise-avx2",
                                                 "cpu-pointwise-neon", "cpu-pointwise-portable"};
/** Takes a convolution and a transposed one alike. */
Refusal conv3dPointwiseAccepts(const Conv3dArgs& args);
int64_t conv3dPointwiseWorkspaceBytes(const Conv3dArgs& args);
extern const SimdTable<Kernel<Conv3dArgs>> conv3dPointwiseCpuTable;
extern const SimdTable<Kernel<Conv3dArgs>> conv3dPointwisePackCpuTable;
extern const SimdTable<Kernel<Conv3dTransposedArgs>> conv3dPointwiseTransposedCpuTable;
extern const SimdTable<Kernel<Conv3dTransposedArgs>> conv3dPointwisePackTransposedCpuTable;

}  // namespace vk
