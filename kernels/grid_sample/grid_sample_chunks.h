// How the grid is cut up where every position is written by itself.
#pragma once

#include "core/parallel.h"
#include "grid_sample/grid_sample.h"

namespace vk {

/** Rows whose cells are found together: they have most of the input's lines in common. */
constexpr int64_t kGridTileRows = 8;

/** The axes of the grid, of which short rows, and slices, are put together: their last vector would
 * be partly empty. */
struct GridSampleRows {
  int64_t width, height, depth;

  explicit GridSampleRows(const GridSampleArgs&);
};

/** The same positions of some slices of the grid of one item. */
struct GridSampleChunk {
  int64_t item;
  Range slices;
  Range rows;
  Range columns;
};

/** A chunk goes through its slices one after the other, so that the input that two of them share is
 * still in the second-level cache. */
struct GridSampleChunks : GridSampleRows {
  int64_t bandColumns, pieces;
  int64_t bandRows, bands;
  int64_t groupSlices, groups;
  int64_t batch;

  explicit GridSampleChunks(const GridSampleArgs&);
  int64_t count() const { return batch * groups * bands * pieces; }
  GridSampleChunk at(int64_t chunk) const {
    return {chunk / pieces / bands / groups,
            chunkRange(depth, groupSlices, chunk / pieces / bands % groups),
            chunkRange(height, bandRows, chunk / pieces % bands),
            chunkRange(width, bandColumns, chunk % pieces)};
  }
};

}  // namespace vk
