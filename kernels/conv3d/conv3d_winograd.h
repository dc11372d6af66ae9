// Winograd's minimal filtering for kernels of three taps: tiles of outputs from values that are
// products of transformed inputs and transformed weights.
//
// With stride 1 any dilation. With stride 2 every other voxel of the input meets the outer two
// taps, F(4, 2), and those between meet the middle one, whose products are taken as they are: 9
// instead of 12 for 4 outputs.
#pragma once

#include "conv3d/conv3d.h"

namespace vk {

/** Outputs of a tile along each axis: 2 or 4. 1 along z is for kernels that have one plane. */
struct WinogradForm {
  int64_t z;
  int64_t yx;
  /** Of the convolution, along z, and along y and x. */
  int64_t strideZ = 1;
  int64_t stride = 1;
};

/** Values of a tile along an axis, from as many inputs. */
constexpr int64_t winogradValues(int64_t outputs, int64_t stride = 1) {
  return outputs == 1 ? 1 : stride == 1 ? outputs + 2 : 2 * outputs + 1;
}

constexpr int64_t winogradValues(WinogradForm form) {
  const int64_t values = winogradValues(form.yx, form.stride);
  return winogradValues(form.z, form.strideZ) * values * values;
}

/** Those that are sums of inputs, the first ones; with stride 2 the others are inputs. */
constexpr int64_t winogradSums(int64_t outputs, int64_t stride) {
  return outputs == 1 ? 0 : stride == 1 ? outputs + 2 : outputs + 1;
}

/** Different values that the three weights of an axis become. */
constexpr int64_t winogradWeights(int64_t outputs) { return outputs == 1 ? 1 : outputs + 2; }

constexpr int64_t winogradWeights(WinogradForm form) {
  return winogradWeights(form.z) * winogradWeights(form.yx) * winogradWeights(form.yx);
}

/** Which of them a value is multiplied with. */
constexpr int64_t winogradWeightOf(int64_t value, int64_t outputs) {
  return value < winogradWeights(outputs) ? value : winogradWeights(outputs) - 1;
}

/** How the outputs are cut into blocks of tiles, and the scratch memory of one block.
 *
 * A dilated convolution falls apart into lattices that are not dilated. Those along z and y are
 * dealt with one after the other, those along x, `lattices[2]` of them, together. Tiles of a block
 * are numbered by plane, row, lattice along x, column. */
struct WinogradTiling {
  int64_t dilation[3];
  int64_t lattices[3];
  /** Tiles of the largest lattice, most of them in a block, and blocks. */
  int64_t tiles[3];
  int64_t each[3];
  int64_t blocks[3];
  /** Most blocks of a slab, one above the other, and slabs. */
  int64_t slabBlocks;
  int64_t slabs;
  /** Where there are few blocks: so many of them are transformed before their products are summed,
   * with the input and the output channels of each dealt to the threads. Else 0, and a slab is a
   * task. */
  int64_t sharedBlocks;
  /** Most input channels that a task transforms. */
  int64_t chunkChannels;
  /** Output channels of a task. */
  int64_t sliceChannels;
  /** Floats from a channel to the next among values and sums: tiles of a block, whole vectors. */
  int64_t blockTiles;

  /** With stride 1, a ring of input planes with their padding, each [row modulo outputs][row]
   * [lattice][column]. */
  int64_t ring;
  int64_t planeFloats;
  int64_t channelFloats;
  /** With stride 2, an input row with its padding. */
  int64_t lineFloats;
  /** Transformed along z: [value][row and column modulo a tile's inputs], as far apart. */
  int64_t alongZFloats;
  int64_t alongYFloats;
  /** From a value to the next: [input channel][tile], then [output channel][tile]. */
  int64_t valueFloats;
  int64_t sumFloats;
  /** Of a thread; `blockFloats` are all values of a block. */
  int64_t scratchFloats;
  int64_t blockFloats;
};

WinogradTiling winogradTiling(const Conv3dArgs& args, WinogradForm form);

/** Output channels whose sums are kept until they are transformed: bundles of at most so many. */
constexpr int64_t kWinogradBundle = 16;

inline int64_t bundleCount(int64_t channels) {
  return (channels + kWinogradBundle - 1) / kWinogradBundle;
}
/** Bundle b has the channels [bundleBegin(b), bundleBegin(b + 1)). */
inline int64_t bundleBegin(int64_t channels, int64_t bundle) {
  return bundle == 0 ? 0 : bundle * channels / bundleCount(channels);
}

/** One of `slabs`. */
struct WinogradTask {
  int64_t image;
  int64_t group;
  int64_t lattice[2];
  /** Tiles of the lattice, of all blocks. Counts may be zero. */
  int64_t first[3];
  int64_t count[3];
};

WinogradTask winogradTask(const Conv3dArgs& args, WinogradForm form, const WinogradTiling& tiling,
                          int64_t index);

/** Scratch areas: as many tasks as may run at once. */
int64_t winogradSlots(const Conv3dArgs& args, const WinogradTiling& tiling);

/** One of the forms that are compiled, best saving first. */
struct WinogradImplementation {
  WinogradForm form;
  const char* names[4];
  /** Empty, or why another form or the direct convolution should take these arguments. */
  Refusal (*accepts)(const Conv3dArgs&);
  int64_t (*packedBytes)(const Conv3dArgs&);
  int64_t (*workspaceBytes)(const Conv3dArgs&);
  const SimdTable<Kernel<Conv3dArgs>>* run;
  const SimdTable<Kernel<Conv3dArgs>>* pack;
};

/** Vector operations that the direct convolution needs, or the best of the forms. */
double conv3dLeastCost(const Conv3dArgs& args);

constexpr int64_t kWinogradForms = 9;
const WinogradImplementation* winogradImplementations();

}  // namespace vk
