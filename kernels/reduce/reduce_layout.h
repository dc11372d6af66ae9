// How a reduction walks its input: axes merged where neighbours are of one kind, and work cut into
// tiles of outputs and slices of what is reduced, whose bounds depend on the shape alone.
#pragma once

#include <cstdint>

#include "core/parallel.h"
#include "core/view.h"

namespace vk {

/** Axes of a contiguous tensor, slowest first, with their strides in elements. */
struct AxisList {
  int32_t rank = 0;
  int64_t sizes[VK_MAX_RANK];
  int64_t strides[VK_MAX_RANK];

  int64_t count() const;
  /** Offset of the element with this number among the axes' elements. */
  int64_t offset(int64_t index) const;
};

struct ReduceLayout {
  /** Widest tile of outputs that lie in one row. */
  static constexpr int64_t kTile = 512;
  /** Elements of a unit of work, about. */
  static constexpr int64_t kUnit = 65536;

  /** Every axis but the innermost one, the row. */
  AxisList kept;
  AxisList reduced;
  int64_t rowLength;
  bool rowIsReduced;
  int64_t outputs;
  /** Input elements of one output. */
  int64_t reducedCount;

  /** A tile is one output where the row is reduced, else up to kTile outputs of a row. */
  int64_t tiles;
  int64_t tilesARow;
  int64_t tilesAUnit;
  /** Steps of a slice: elements where the row is reduced, else rows. */
  int64_t steps;
  int64_t stepsASlice;
  int64_t slices;

  int64_t units() const { return chunkCount(tiles, tilesAUnit) * slices; }
  /** Outputs of partial results, when there is more than one slice. */
  int64_t partials() const { return slices > 1 ? outputs * slices : 0; }
  /** First output of a tile and how many it has. */
  Range tileOutputs(int64_t tile) const;
  /** Input offset of a tile's first element. */
  int64_t tileOffset(int64_t tile) const;
};

/** Bit i of `axes` says that axis i is reduced. */
ReduceLayout reduceLayout(int32_t rank, const int64_t* sizes, uint32_t axes);

}  // namespace vk
