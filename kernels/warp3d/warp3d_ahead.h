// Which voxels of an image a sampled grid is going to need.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/parallel.h"

namespace vk {

/** Slices from the one at work to the one whose cells are asked for, less the far side of a cell.
 */
constexpr int64_t kSlicesAhead = 2;

/** From the cells of a slice of the grid to what the next but one reads first, in voxels of an
 * image of `size` (x, y, z). cellAt(slice, cell) gives the cell, within the image, of one place of
 * the grid; it is asked for the first of the slices, the last and one between. 0 where that does
 * not tell: there is one slice, or the grid is rough. */
template <class CellAt>
int64_t voxelsAhead(const int64_t size[3], Range slices, const CellAt& cellAt) {
  constexpr int64_t kRough = 8;
  const int64_t steps = slices.end - 1 - slices.begin;
  if (steps == 0) return 0;
  const int64_t between = steps / 2;
  int64_t first[3], middle[3], last[3];
  cellAt(slices.begin, first);
  cellAt(slices.begin + between, middle);
  cellAt(slices.begin + steps, last);
  const int64_t strides[3] = {1, size[1] > 1 ? size[0] : 0, size[2] > 1 ? size[0] * size[1] : 0};
  int64_t voxels = strides[1];
  for (int r = 0; r < 3; ++r) {
    const int64_t moved = last[r] - first[r];
    const int64_t bend = moved * between / steps - (middle[r] - first[r]);
    if (bend > kRough || bend < -kRough) return 0;
    const double ahead = double(kSlicesAhead * moved) / double(steps);
    voxels += std::llround(ahead) * strides[r];
    if (r == 2 && moved > 0) voxels += strides[r];
  }
  return voxels;
}

}  // namespace vk
