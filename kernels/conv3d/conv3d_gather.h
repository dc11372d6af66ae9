// What the matrix products of a convolution share: which tile a block computes, and how a thread
// reads the second factor from the input while it is needed.
#pragma once

#include <algorithm>

#include "conv3d/conv3d_cuda.h"

namespace vk {

constexpr int kConv3dThreads = 128;
/** Voxels of a tile: a thread reads one. */
constexpr int kConv3dVoxels = 128;

/** Which block computes what. */
struct Conv3dTiles {
  int64_t lattices;
  int64_t groups;
  /** Of the largest lattice; others leave some of them. */
  int64_t voxels;
  int64_t outs;
  /** Parts of the sums that blocks of their own compute, where there would be few. */
  int64_t parts;
  __host__ __device__ int64_t count() const { return lattices * groups * voxels * outs * parts; }
};

/** One product of the sums: where its input lies from that of the first tap, and its weights. */
struct Conv3dProduct {
  int64_t input;
  int64_t weights;
};
/** How far its tap is from the first one. */
struct Conv3dShift {
  int z, y, x;
  /** Whether the one before has another. */
  int fresh;
};

/** Counts through the products, channels fastest. */
struct Conv3dProductCounter {
  int64_t c;
  int64_t tz, ty, tx;

  __device__ void add(int64_t products, const Conv3dArgs& args, const Conv3dAxis* axes) {
    c += products;
    while (c >= args.inChannels && tz < axes[0].taps) {
      c -= args.inChannels;
      if (++tx < axes[2].taps) continue;
      tx = 0;
      if (++ty < axes[1].taps) continue;
      ty = 0;
      ++tz;
    }
  }
};

__device__ inline void conv3dDescribe(const Conv3dArgs& args, const Conv3dAxis* axes,
                                      const Conv3dProductCounter& at, bool first,
                                      Conv3dProduct* product, Conv3dShift* shift) {
  if (at.tz >= axes[0].taps) {
    // Past the last one: outside of every input, and without weights.
    *product = {0, -1};
    *shift = {int(-(1 << 30)), 0, 0, 1};
    return;
  }
  const int64_t z = at.tz * axes[0].tapStep, y = at.ty * axes[1].tapStep;
  const int64_t x = at.tx * axes[2].tapStep;
  const int64_t tap = conv3dKernelIndex(args, axes, at.tz, at.ty, at.tx);
  *product = {at.c * conv3dVolume(args.inSize) + (z * args.inSize[1] + y) * args.inSize[2] + x,
              (tap * args.inChannels + at.c) * args.outChannels};
  *shift = {int(z), int(y), int(x), first || at.c == 0};
}

/** The column of a tile that a thread reads: an output voxel. */
struct Conv3dColumn {
  /** Whether there is one. */
  bool some;
  int z, y, x;
  /** Of the first product. */
  int64_t input;
  int64_t output;
};

__device__ inline Conv3dColumn conv3dColumnOf(const Conv3dArgs& args, const Conv3dAxis* axes,
                                              int64_t group, int64_t number) {
  const int64_t voxels = axes[0].count * axes[1].count * axes[2].count;
  if (number >= args.batch * voxels) return {};
  const int64_t n = number / voxels;
  const int64_t voxel = number % voxels;
  const int64_t row = voxel / axes[2].count;
  const int64_t i[3] = {row / axes[1].count, row % axes[1].count, voxel % axes[2].count};
  int64_t in[3], out[3];
  for (int axis = 0; axis < 3; ++axis) {
    in[axis] = axes[axis].inFirst + i[axis] * axes[axis].inStep;
    out[axis] = axes[axis].first + i[axis] * axes[axis].step;
  }
  const int64_t inVolume = (n * args.groups + group) * args.inChannels;
  const int64_t outVolume = (n * args.groups + group) * args.outChannels;
  return {true,
          int(in[0]),
          int(in[1]),
          int(in[2]),
          inVolume * conv3dVolume(args.inSize) + (in[0] * args.inSize[1] + in[1]) * args.inSize[2] +
              in[2],
          outVolume * conv3dVolume(args.outSize) +
              (out[0] * args.outSize[1] + out[1]) * args.outSize[2] + out[2]};
}

/** What a block keeps in shared memory about its tile. */
template <int kDepth>
struct Conv3dTileNotes {
  /** Of two steps. */
  Conv3dProduct products[2 * kDepth];
  Conv3dShift shifts[2 * kDepth];
  /** Where each voxel is written, of the first channel; -1 where there is none. */
  int64_t outputs[kConv3dVoxels];
  Conv3dAxis axes[3];
};

/** Reads steps of kDepth products for tiles of kOut channels, a step into each of two slots. */
template <int kOut, int kDepth>
struct Conv3dGather {
  static constexpr int kWeightsEach = kOut * kDepth / kConv3dThreads;

  const Conv3dArgs& args;
  Conv3dTileNotes<kDepth>& notes;
  int64_t firstOut = 0;
  int64_t group = 0;
  int64_t part = 0;
  /** Of this part. */
  int64_t steps = 0;
  Conv3dColumn column{};
  Conv3dProductCounter counter{};
  float input[kDepth];
  float weights[kWeightsEach];

  __device__ Conv3dGather(const Conv3dArgs& arguments, Conv3dTileNotes<kDepth>& tileNotes)
      : args(arguments), notes(tileNotes) {}

  /** Every thread of the block comes here; what was kept about another tile is gone. */
  __device__ void begin(const Conv3dProblem& problem, const Conv3dTiles& tiles, int64_t tile) {
    const int thread = int(threadIdx.x);
    firstOut = tile % tiles.outs * kOut;
    const int64_t firstVoxel = tile / tiles.outs % tiles.voxels * kConv3dVoxels;
    group = tile / (tiles.outs * tiles.voxels) % tiles.groups;
    const int64_t latticeAndPart = tile / (tiles.outs * tiles.voxels * tiles.groups);
    const int64_t lattice = latticeAndPart % tiles.lattices;
    part = latticeAndPart / tiles.lattices;
    __syncthreads();  // of the tile before
    if (thread < 3) {
      const int64_t at[3] = {lattice / problem.lattices[2] / problem.lattices[1],
                             lattice / problem.lattices[2] % problem.lattices[1],
                             lattice % problem.lattices[2]};
      notes.axes[thread] = conv3dAxisOf(problem, thread, at[thread]);
    }
    __syncthreads();
    const Conv3dAxis* const axes = notes.axes;
    const int64_t sum = args.inChannels * axes[0].taps * axes[1].taps * axes[2].taps;
    const int64_t all = (sum + kDepth - 1) / kDepth, each = (all + tiles.parts - 1) / tiles.parts;
    steps = max(min(each, all - part * each), int64_t{0});
    column = conv3dColumnOf(args, axes, group, firstVoxel + thread);
    notes.outputs[thread] = column.some ? column.output : -1;
    counter = {0, steps == 0 ? axes[0].taps : 0, 0, 0};
    if (thread < kDepth) counter.add(part * each * kDepth + thread, args, axes);
    describe(0);
    advance(1);
    __syncthreads();
  }

  /** Describes the step after the one described last. */
  __device__ void advance(int slot) {
    if (threadIdx.x < kDepth) counter.add(kDepth, args, notes.axes);
    describe(slot);
  }

  __device__ void read(int slot) {
    bool inside = false;
    const Conv3dProduct* const products = notes.products + slot * kDepth;
    VK_UNROLL
    for (int k = 0; k < kDepth; ++k) {
      if (k == 0 || notes.shifts[slot * kDepth + k].fresh) {
        const Conv3dShift shift = notes.shifts[slot * kDepth + k];
        inside = column.some && unsigned(column.z + shift.z) < unsigned(args.inSize[0]) &&
                 unsigned(column.y + shift.y) < unsigned(args.inSize[1]) &&
                 unsigned(column.x + shift.x) < unsigned(args.inSize[2]);
      }
      const float* const from = static_cast<const float*>(args.input);
      input[k] = inside ? from[column.input + products[k].input] : 0.0f;
    }
    const int out = int(threadIdx.x) % kOut;
    const float* const packed =
        static_cast<const float*>(args.packed) +
        group * conv3dVolume(args.kernel) * args.inChannels * args.outChannels + firstOut + out;
    VK_UNROLL
    for (int i = 0; i < kWeightsEach; ++i) {
      const int64_t at = products[(int(threadIdx.x) + i * kConv3dThreads) / kOut].weights;
      weights[i] = at >= 0 && firstOut + out < args.outChannels ? packed[at] : 0.0f;
    }
  }

 private:
  __device__ void describe(int slot) {
    const int thread = int(threadIdx.x);
    if (thread >= kDepth) return;
    conv3dDescribe(args, notes.axes, counter, thread == 0, &notes.products[slot * kDepth + thread],
                   &notes.shifts[slot * kDepth + thread]);
  }
};

/** Where the sums of a tile go: to the output, or, with several parts, to their own memory. */
struct Conv3dSums {
  Conv3dFinish<float> finish;
  float* parts;
  /** Elements of the output. */
  int64_t count;

  __device__ void write(float sum, int64_t part, int64_t channel, int64_t at) const {
    if (parts != nullptr) {
      parts[part * count + at] = sum;
    } else {
      finish.write(sum, channel, at);
    }
  }
};

inline int64_t conv3dOutputs(const Conv3dArgs& args) {
  return args.batch * args.groups * args.outChannels * conv3dVolume(args.outSize);
}

/** Tiles of `out` channels; parts as many as fill a device, of no less than 16 steps. */
inline Conv3dTiles conv3dTilesOf(const Conv3dProblem& problem, int64_t out, int64_t depth) {
  constexpr int64_t kBlocks = 264, kLeastSteps = 16, kMostFloats = int64_t{1} << 24;
  const Conv3dArgs& args = problem.args;
  const int64_t voxels =
      args.batch * problem.mostOutputs(0) * problem.mostOutputs(1) * problem.mostOutputs(2);
  Conv3dTiles tiles{problem.latticeCount(), args.groups, chunkCount(voxels, kConv3dVoxels),
                    chunkCount(args.outChannels, out), 1};
  const int64_t blocks = tiles.count();
  if (blocks == 0) return tiles;
  const int64_t sum =
      args.inChannels * problem.mostTaps(0) * problem.mostTaps(1) * problem.mostTaps(2);
  tiles.parts = std::max<int64_t>(1, std::min({kBlocks / blocks, sum / depth / kLeastSteps,
                                               kMostFloats / conv3dOutputs(args)}));
  return tiles;
}

inline int64_t conv3dPartsBytes(const Conv3dProblem& problem, const Conv3dTiles& tiles) {
  return tiles.parts > 1 ? tiles.parts * conv3dOutputs(problem.args) * int64_t(sizeof(float)) : 0;
}

/** Starts a kernel that computes a tile a block, and adds the parts. */
void conv3dRunTiles(const Conv3dProblem& problem, Context& context, const Workspace& workspace,
                    const Conv3dTiles& tiles,
                    void (*kernel)(Conv3dProblem, Conv3dTiles, Conv3dSums));

}  // namespace vk
