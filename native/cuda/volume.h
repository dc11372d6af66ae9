// A voxel's number cut into its place along x, y and z.
#pragma once

#include "cuda/elements.h"

namespace vk::cuda {

struct VoxelAt {
  int64_t x;
  int64_t y;
  int64_t z;
};

struct Volume {
  Divider width;
  Divider height;

  /** x, y, z; further volumes behind count as slices. */
  explicit Volume(const int64_t size[3]) : width(size[0]), height(size[1]) {}

  __device__ VoxelAt at(int64_t voxel) const {
    const int64_t row = width.quotient(voxel);
    const int64_t slice = height.quotient(row);
    return {voxel - row * width.divisor(), row - slice * height.divisor(), slice};
  }
};

}  // namespace vk::cuda
