// How a ReduceLayout is dealt to the blocks of a device.
#pragma once

#include "cuda/reduce_tiles.h"
#include "reduce/reduce_layout.h"

namespace vk::cuda {

inline ReduceTiles tilesOf(const ReduceLayout& layout) {
  ReduceTiles tiles;
  for (int32_t axis = 0; axis < layout.kept.rank; ++axis) {
    tiles.kept.add(layout.kept.sizes[axis], {layout.kept.strides[axis]});
  }
  for (int32_t axis = 0; axis < layout.reduced.rank; ++axis) {
    tiles.reduced.add(layout.reduced.sizes[axis], {layout.reduced.strides[axis]});
  }
  (layout.rowIsReduced ? tiles.reduced : tiles.kept).add(layout.rowLength, {1});
  tiles.split(layout.outputs, layout.reducedCount, layout.rowIsReduced);
  return tiles;
}

}  // namespace vk::cuda
