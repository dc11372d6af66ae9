// How the grid is cut up where the gradient by the input is summed up block by block.
#pragma once

#include "core/scratch.h"
#include "grid_sample/grid_sample_chunks.h"

namespace vk {

/** The voxels that a block's samples reach. */
struct GridSampleBox {
  int32_t begin[3];
  int32_t size[3];
  /** The most slices that are not complete at a time while the block goes through the grid. */
  int32_t window;

  int64_t slice() const { return int64_t{size[0]} * size[1]; }
  int64_t voxels() const { return slice() * size[2]; }
};

/** A block is a band of rows of some slices of one item's grid. It adds up its samples slice by
 * slice, and leaves the sums of the voxels in its box; those of all blocks are then added in the
 * order of the blocks. */
struct GridSampleBlocks : GridSampleRows {
  int64_t columns, pieces;
  int64_t rows, bands;
  int64_t slices, groups;
  /** Items times channels. */
  int64_t planes;
  /** Voxels that a box may have. */
  int64_t boxVoxels;
  /** Boxes that are there at a time. */
  int64_t atOnce;
  /** Threads that work on them, each with so many floats for the slices that are not complete. */
  int64_t rings;
  int64_t ringFloats;

  explicit GridSampleBlocks(const GridSampleArgs&);
  int64_t perItem() const { return groups * bands * pieces; }
  GridSampleChunk at(int64_t item, int64_t block) const {
    return {item, chunkRange(depth, slices, block / pieces / bands),
            chunkRange(height, rows, block / pieces % bands),
            chunkRange(width, columns, block % pieces)};
  }
};

/** Floats behind sums that vectors may reach. */
constexpr int64_t kGridSampleSlack = 64;

/** Whether the gradient by the input can be summed up in blocks. */
bool gridSampleTakesBlocks(const GridSampleArgs&);

/** What the blocks need of the workspace. */
struct GridSampleBlockMemory {
  /** Of every item's blocks. */
  GridSampleBox* boxes;
  /** For every block the lowest slice of the input that each of its slices, and those after, reach,
   * and one entry more. */
  int32_t* lowest;
  /** Whether a slice of a plane has been written to. */
  uint8_t* written;
  float* sums;
  float* rings;

  GridSampleBlockMemory(const GridSampleArgs&, const GridSampleBlocks&, WorkspaceLayout&);
};

}  // namespace vk
