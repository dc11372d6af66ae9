// Products of bfloat16 in the processor's matrix unit (AMX): 16 output channels by 16 voxels by 32
// input channels an instruction, summed in f32. Values are rounded once, for callers who accept the
// error, or are the sum of two parts, which keep 16 bits.
#pragma once

#include "conv3d/conv3d.h"
#include "conv3d/conv3d_tiling.h"
#include "core/parallel.h"

namespace vk {

/** Whether this processor has the unit and the system lets this process use it. The first call asks
 * the system, which then keeps a larger state of the registers for every thread that does. */
bool conv3dAmxAvailable();

constexpr int64_t kAmxOutputs = 16;
constexpr int64_t kAmxVoxels = 16;
/** Pairs of input channels. */
constexpr int64_t kAmxPairs = 16;
/** Output channels that are summed together: two matrices of weights by two of voxels. */
constexpr int64_t kAmxBlock = 2 * kAmxOutputs;
/** Sums of a block, which stay in the registers: 4 matrices. */
constexpr int64_t kAmxSums = 4 * kAmxOutputs * kAmxVoxels;

/** Most voxels from an output's input to the next one's along x: what lies between is copied too.
 */
constexpr int64_t kAmxMostStride = 4;

/** Error in the Frobenius norm when values have two parts: products of inputs and weights uniform
 * in [-1, 1] err by 3.8e-6, however many are added. */
constexpr double kConv3dAmxSplitError = 5e-6;

inline int64_t amxPairBlocks(const Conv3dArgs& args) {
  return chunkCount(args.inChannels, 2 * kAmxPairs);
}

/** The first voxel of a matrix: of the band's rows, or of the long one. */
struct AmxPlace {
  int64_t row;
  int64_t x;
};

/** Vector operations as `conv3dLeastCost` counts them, of so many taps in all and of so many
 * outputs of each position. */
double amxCost(const Conv3dArgs& args, int64_t parts, double taps, double outputs);

/** How the outputs are cut: the direct convolution's bands. The input of a band lies in scratch
 * memory as [plane of the ring][block of pairs][part][row][voxel][pair], with its padding. */
struct AmxTiling {
  Conv3dTiling band;
  /** In voxels. */
  int64_t pitch;
  /** Whether the rows of a band are computed as one long row, padding included. */
  bool joined;
  /** Blocks of pairs that are summed before the next ones, for all voxels of a band's plane: their
   * weights stay in the second-level cache. */
  int64_t blocksTogether;
  /** In words, a pair each: of one part of a block of pairs, of a plane, of a thread. */
  int64_t partWords;
  int64_t planeWords;
  int64_t scratchWords;
  /** Sums that a thread keeps in memory: of 4 matrices, or of all voxels by a block of channels. */
  int64_t sums;

  /** `whole`: all channels are summed at once. */
  AmxTiling(const Conv3dArgs& args, int64_t parts, bool whole = false);
  /** Matrices of voxels of a plane of the band. */
  int64_t tiles(const Conv3dArgs& args, int64_t rows) const;
  /** Matrices of voxels in a run: of a row, or of the long one. */
  int64_t runTiles(const Conv3dArgs& args, int64_t rows) const;
  AmxPlace placeOf(int64_t tile, int64_t runTiles) const;
};

/** What computes with values of so many parts: 1 or 2. */
template <class Args>
struct AmxImplementationOf {
  Refusal (*accepts)(const Args&);
  int64_t (*workspaceBytes)(const Args&);
  int64_t (*packedBytes)(const Args&);
  const SimdTable<Kernel<Args>>* run;
  const SimdTable<Kernel<Args>>* pack;
};
using AmxImplementation = AmxImplementationOf<Conv3dArgs>;

template <class Args>
Implementation<Args> amxRow(const char* name, const AmxImplementationOf<Args>& amx) {
  return {name,        VK_BACKEND_CPU,     VK_ISA_AVX512,   amx.run->avx512,
          amx.accepts, amx.workspaceBytes, amx.packedBytes, amx.pack->avx512};
}

constexpr const char* kAmxNames[2] = {"cpu-amx-bf16", "cpu-amx-bf16x3"};
AmxImplementation amxImplementation(int64_t parts);

}  // namespace vk
