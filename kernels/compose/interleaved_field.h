// A vector field with its three components side by side, padded to four: the eight corners of a
// cell are then four loads, where planar components would need twelve.
#pragma once

#include "core/carve.h"

namespace vk {

struct InterleavedField {
  /** x, y, z. */
  int64_t size[3];
  /** Voxels from one row to the next. A row of one voxel holds it twice, so that every voxel has
   * the right-hand neighbour a cell is read with. */
  int64_t rowVoxels;
  float* data;

  InterleavedField(const int64_t sizes[3], Carver& carver)
      : size{sizes[0], sizes[1], sizes[2]},
        rowVoxels(sizes[0] > 1 ? sizes[0] : 2),
        // Whole vectors of voxels are read past the last row's end.
        data(carver.take<float>(4 * (rowVoxels * sizes[1] * sizes[2] + 16))) {}

  int64_t rows() const { return size[1] * size[2]; }
  float* row(int64_t index) const { return data + 4 * index * rowVoxels; }
};

/** Rows of a chunk; a row is one (z, y). */
constexpr int64_t kFieldRowsPerChunk = 16;
/** The fast kernels number voxels in 32 bits, and an axis' voxels exactly in f32. */
constexpr int64_t kFieldMostVoxels = (int64_t{1} << 31) - 64;
constexpr int64_t kFieldMostPerAxis = int64_t{1} << 23;

inline bool fieldFits(const int64_t size[3]) {
  for (int axis = 0; axis < 3; ++axis) {
    if (size[axis] > kFieldMostPerAxis) return false;
  }
  // A row of one voxel takes the room of two. The axes' limit keeps the product of two in range.
  const int64_t row = size[0] > 1 ? size[0] : 2;
  return row * size[1] <= kFieldMostVoxels && row * size[1] * size[2] <= kFieldMostVoxels;
}

}  // namespace vk
