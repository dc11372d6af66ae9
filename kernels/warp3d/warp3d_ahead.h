// Which voxels of an image a sampled grid is going to need.
#pragma once

#include <cmath>
#include <cstdint>

namespace vk {

/** Slices from the one at work to the one whose cells are asked for, less the far side of a cell.
 */
constexpr int64_t kSlicesAhead = 2;

/** From the cells of a slice of the grid to what the next but one reads first, in voxels of an
 * image of `size` (x, y, z). Known are the cells, within the image, of one place of the grid in
 * three slices: the first, one `between` slices later, the last, `steps` slices after the first. 0
 * where that does not tell: there is one slice, or the grid is rough. */
inline int64_t voxelsAhead(const int64_t size[3], const int64_t cells[3][3], int64_t between,
                           int64_t steps) {
  constexpr int64_t kRough = 8;
  if (steps == 0) return 0;
  const int64_t strides[3] = {1, size[1] > 1 ? size[0] : 0, size[2] > 1 ? size[0] * size[1] : 0};
  int64_t voxels = strides[1];
  for (int r = 0; r < 3; ++r) {
    const int64_t moved = cells[2][r] - cells[0][r];
    const int64_t bend = moved * between / steps - (cells[1][r] - cells[0][r]);
    if (bend > kRough || bend < -kRough) return 0;
    const double ahead = double(kSlicesAhead * moved) / double(steps);
    voxels += std::llround(ahead) * strides[r];
    if (r == 2 && moved > 0) voxels += strides[r];
  }
  return voxels;
}

}  // namespace vk
