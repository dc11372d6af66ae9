// The matrix unit (AMX) for the first layers of networks, of a few input channels: 16 output
// channels by 16 voxels by up to 32 taps of one channel an instruction. Each f32 is the sum of two
// bfloat16, a high part and a low part, of whose products all but low by low are summed in f32.
#pragma once

#include "conv3d/conv3d.h"
#include "conv3d/conv3d_tiling.h"
#include "core/parallel.h"

namespace vk {

/** Of the input in scratch memory: [16 voxels of an output row][channel][input row][line], where a
 * line holds 16 words, a pair of taps each, of the voxels. All lines that an output row reads of a
 * channel lie side by side: the planes of the ring are within an input row. So the taps of a kernel
 * stand in as many orders as the ring can begin at, and weights are packed for each. */
struct AmxFirstTiling {
  /** Orders of the planes of the kernel in the ring. */
  int64_t turns;
  /** Lines of an input row: pairs along x, and pairs of planes where those leave one tap. */
  int64_t lines;
  /** Lines of a matrix, and matrices of a channel; the last may begin within the one before. */
  int64_t matrixLines;
  int64_t matrices;

  /** Of the output, below. */
  Conv3dTiling band;
  /** Runs of 16 voxels of a row. */
  int64_t runs;
  /** In words: of a channel, of a run, of all high parts, of a thread. */
  int64_t channelWords;
  int64_t runWords;
  int64_t partWords;
  int64_t scratchWords;

  /** Of what packing knows; bands and scratch memory are not set. */
  static AmxFirstTiling ofKernel(const Conv3dArgs& args);
  explicit AmxFirstTiling(const Conv3dArgs& args);

  /** The first line of a matrix. */
  int64_t firstLine(const Conv3dArgs& args, int64_t matrix) const {
    const int64_t last = args.kernel[1] * lines - matrixLines;
    return matrix * matrixLines < last ? matrix * matrixLines : last;
  }
  /** Floats of the packed weights of 16 output channels: in one order of the planes. */
  int64_t packedFloats(const Conv3dArgs& args) const {
    return args.inChannels * matrices * 2 * 16 * 16;
  }

 private:
  AmxFirstTiling() = default;
};

/** Output channels that are summed together. */
constexpr int64_t kAmxFirstBlock = 32;
/** Sums of a block: 4 matrices. */
constexpr int64_t kAmxFirstSums = 4 * 16 * 16;

Refusal conv3dAmxFirstAccepts(const Conv3dArgs&);
int64_t conv3dAmxFirstWorkspaceBytes(const Conv3dArgs&);
int64_t conv3dAmxFirstPackedBytes(const Conv3dArgs&);
extern const SimdTable<Kernel<Conv3dArgs>> conv3dAmxFirstCpuTable;
extern const SimdTable<Kernel<Conv3dArgs>> conv3dAmxFirstPackCpuTable;

}  // namespace vk
