// How the CPU kernel cuts a convolution into bands, and how the input of a band lies in scratch
// memory. Independent of the instruction set.
#pragma once

#include "conv3d/conv3d.h"

namespace vk {

/** A task is one image's group, a range of its output channels, and a band of output rows through a
 * slab of planes. The input planes that a plane of the band needs lie in a ring, with their padding
 * written out; so the kernel knows no borders.
 *
 * Along z and y the outputs of a band are `step` apart: a dilated convolution falls apart into
 * sub-lattices that are not dilated. Stride and dilation below are in these steps.
 *
 * With a stride, what is `stride` apart lies side by side: a channel of a plane is
 * [x phase][y phase][row][pitch], so that output voxel (row, x) reads tap t of a channel at
 * offset(t) + row pitch + x, whatever stride and dilation are. */
struct Conv3dTiling {
  int64_t step[2];
  /** Sub-lattices that have outputs. */
  int64_t lattices[2];
  int64_t stride[2];
  int64_t dilation[2];

  /** Planes of the ring. */
  int64_t ring;
  /** Most output rows of a band, and the input rows they need of one plane. */
  int64_t bandRows;
  int64_t inputRows;
  /** Most output planes of a slab. */
  int64_t slabPlanes;
  /** Most output channels of a task. */
  int64_t rangeChannels;

  int64_t pitch;
  int64_t phaseRows;
  int64_t channelFloats;
  int64_t planeFloats;
  int64_t scratchFloats;

  int64_t bands;
  int64_t slabs;
  int64_t ranges;
  int64_t tasks;
};

/** Most floats that the kernel computes at once, a voxel each, and so reads beyond the last one. */
constexpr int64_t kConv3dMostVoxels = 16 * 6;

/** Whether rows of output are computed together, straight from the input: of groups with one output
 * channel and a kernel of three rows. */
bool conv3dByRows(const Conv3dArgs& args);
/** Rows that are computed together. */
constexpr int64_t kConv3dMostRows = 4;
/** Output planes of a task, and tasks. */
int64_t conv3dRowPlanes(const Conv3dArgs& args);
int64_t conv3dRowTasks(const Conv3dArgs& args);
/** Input rows that are looked at together. */
int64_t conv3dRowPointers(const Conv3dArgs& args);
/** Floats before and after a row of zeros, which stands for one outside the input. Loads that begin
 * before a row or end after it leave out the lanes there; but where those are on a page that was
 * never touched, each load takes a fault. Enough for paddings of up to a vector. */
constexpr int64_t kConv3dZerosAround = 16;
/** Of the row and what is around it. */
int64_t conv3dZeroFloats(const Conv3dArgs& args);

/** Tasks that keep a few tens of cores busy. */
constexpr int64_t kConv3dEnoughTasks = 64;

struct Conv3dTilingWish {
  /** What the input of a band may take. */
  int64_t cacheBytes;
  /** Of bandRows. */
  int64_t rowMultiple = 1;
  int64_t enoughTasks = kConv3dEnoughTasks;
};

Conv3dTiling conv3dTiling(const Conv3dArgs& args, const Conv3dTilingWish& wish);

/** Deals the output channels into ranges of `rangeChannels`. */
void conv3dSetRanges(const Conv3dArgs& args, int64_t rangeChannels, Conv3dTiling& tiling);

Conv3dTiling conv3dDirectTiling(const Conv3dArgs& args);

/** What convolving directly needs; `rowFloats` are a thread's. */
int64_t conv3dDirectWorkspaceBytes(const Conv3dArgs& args, int64_t rowFloats);

/** What one of `tasks` does. Sizes are clipped, and may be zero. */
struct Conv3dTask {
  int64_t image;
  int64_t group;
  int64_t channelBegin;
  int64_t channelEnd;
  /** First output plane and row, and how many, `step` apart. */
  int64_t plane;
  int64_t planes;
  int64_t row;
  int64_t rows;
};

Conv3dTask conv3dTask(const Conv3dArgs& args, const Conv3dTiling& tiling, int64_t index);
/** Of conv3dRowTasks. */
Conv3dTask conv3dRowTask(const Conv3dArgs& args, int64_t index);

}  // namespace vk
