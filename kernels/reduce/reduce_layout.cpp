#include "reduce/reduce_layout.h"

namespace vk {

int64_t AxisList::count() const {
  int64_t product = 1;
  for (int32_t axis = 0; axis < rank; ++axis) product *= sizes[axis];
  return product;
}

int64_t AxisList::offset(int64_t index) const {
  int64_t sum = 0;
  for (int32_t axis = rank - 1; axis > 0; --axis) {
    sum += index % sizes[axis] * strides[axis];
    index /= sizes[axis];
  }
  return rank > 0 ? sum + index * strides[0] : sum;
}

Range ReduceLayout::tileOutputs(int64_t tile) const {
  if (rowIsReduced) return {tile, tile + 1};
  const int64_t row = tile / tilesARow;
  const Range inRow = chunkRange(rowLength, kTile, tile % tilesARow);
  return {row * rowLength + inRow.begin, row * rowLength + inRow.end};
}

int64_t ReduceLayout::tileOffset(int64_t tile) const {
  if (rowIsReduced) return kept.offset(tile);
  return kept.offset(tile / tilesARow) + tile % tilesARow * kTile;
}

ReduceLayout reduceLayout(int32_t rank, const int64_t* sizes, uint32_t axes) {
  ReduceLayout layout{};
  // Merged from the innermost axis outwards.
  struct Merged {
    int64_t size;
    int64_t stride;
    bool reduced;
  } merged[VK_MAX_RANK];
  int32_t count = 0;
  int64_t stride = 1;
  for (int32_t axis = rank - 1; axis >= 0; --axis) {
    if (sizes[axis] == 1) continue;
    const bool reduced = (axes >> axis & 1u) != 0;
    if (count > 0 && merged[count - 1].reduced == reduced) {
      merged[count - 1].size *= sizes[axis];
    } else {
      merged[count++] = {sizes[axis], stride, reduced};
    }
    stride *= sizes[axis];
  }
  if (count == 0) merged[count++] = {1, 1, true};

  layout.rowIsReduced = merged[0].reduced;
  layout.rowLength = merged[0].size;
  for (int32_t axis = count - 1; axis > 0; --axis) {
    AxisList& list = merged[axis].reduced ? layout.reduced : layout.kept;
    list.sizes[list.rank] = merged[axis].size;
    list.strides[list.rank] = merged[axis].stride;
    ++list.rank;
  }
  layout.outputs = layout.kept.count() * (layout.rowIsReduced ? 1 : layout.rowLength);
  layout.reducedCount = layout.reduced.count() * (layout.rowIsReduced ? layout.rowLength : 1);

  layout.tilesARow = layout.rowIsReduced ? 1 : chunkCount(layout.rowLength, ReduceLayout::kTile);
  layout.tiles = layout.rowIsReduced ? layout.outputs : layout.kept.count() * layout.tilesARow;
  layout.steps = layout.reducedCount;
  const int64_t width = layout.rowIsReduced || layout.rowLength == 0 ? 1
                        : layout.rowLength < ReduceLayout::kTile     ? layout.rowLength
                                                                     : ReduceLayout::kTile;
  const int64_t most = ReduceLayout::kUnit / width;
  layout.stepsASlice = most;
  // Without a step there is one empty slice, which writes what an empty sum is.
  layout.slices = layout.steps > most ? chunkCount(layout.steps, most) : 1;
  const int64_t steps = layout.steps > 0 ? layout.steps : 1;
  layout.tilesAUnit = layout.slices > 1 || steps >= most ? 1 : most / steps;
  return layout;
}

}  // namespace vk
