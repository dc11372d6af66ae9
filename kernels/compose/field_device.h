// Linear interpolation of a planar vector field on a device, for compose, exponential and invert.
// Neighbours in a warp read neighbours of the field, component by component: planar components need
// no interleaved copy here.
#pragma once

#include "cuda/volume.h"

namespace vk::cuda {

/** Matrices and sizes as a kernel takes them. */
template <class T>
struct FieldMap {
  int64_t size[3];
  /** Index offsets out of mm. */
  T offsets[9];

  FieldMap(const int64_t fieldSize[3], const double displacementMap[9]) {
    for (int axis = 0; axis < 3; ++axis) size[axis] = fieldSize[axis];
    for (int k = 0; k < 9; ++k) offsets[k] = T(displacementMap[k]);
  }
  __device__ int64_t voxels() const { return size[0] * size[1] * size[2]; }
};

/** Where a sample lies along one axis: between voxel `below` and the next. */
template <class T>
struct FieldAxis {
  int64_t below;
  int64_t above;
  T fraction;
  /** The sample follows the position, which it does not beyond the border. */
  bool moves;
  /** A voxel is nearest. */
  bool inside;
};

/** Of the position whole + offset, clamped to the axis; one that is no number gives voxel 0. The
 * offset apart, so that the fraction is as exact as it is. */
template <class T>
__device__ FieldAxis<T> fieldAxis(int64_t whole, T offset, int64_t size) {
  constexpr T kFar = T(int64_t{1} << 40);
  const T floored = floor(offset);
  T fraction = offset - floored;
  int64_t cell = offset == offset ? whole + int64_t(floored < -kFar  ? -kFar
                                                    : floored > kFar ? kFar
                                                                     : floored)
                                  : -2;
  const bool moves =
      size > 1 && cell >= 0 && (cell < size - 1 || (cell == size - 1 && fraction == 0));
  const bool inside = (cell >= 0 || (cell == -1 && fraction >= T(0.5))) &&
                      (cell < size - 1 || (cell == size - 1 && fraction < T(0.5)));
  if (cell < 0) {
    cell = 0;
    fraction = 0;
  } else if (cell > size - 2) {
    cell = size > 1 ? size - 2 : 0;
    fraction = size > 1 ? T(1) : T(0);
  }
  return {cell, size > 1 ? cell + 1 : 0, fraction, moves, inside};
}

/** A position as a voxel and a rest, which may be any number. */
template <class T>
struct FieldPosition {
  int64_t whole[3];
  T rest[3];

  __device__ explicit FieldPosition(const VoxelAt& at) : whole{at.x, at.y, at.z}, rest{0, 0, 0} {}

  /** indexMap (at, 1), row-major 3 x 4. */
  __device__ FieldPosition(const double* indexMap, const VoxelAt& at) {
    constexpr double kFar = double(int64_t{1} << 40);
    for (int r = 0; r < 3; ++r) {
      const double* const map = indexMap + 4 * r;
      const double p =
          map[0] * double(at.x) + map[1] * double(at.y) + map[2] * double(at.z) + map[3];
      const double floored = floor(p);
      whole[r] = int64_t(floored < -kFar ? -kFar : floored > kFar ? kFar : floored);
      rest[r] = T(p - floored);
    }
  }
};

/** The eight voxels around the position displaced by u, in mm. */
template <class T>
struct FieldCell {
  FieldAxis<T> x;
  FieldAxis<T> y;
  FieldAxis<T> z;

  __device__ FieldCell(const FieldMap<T>& map, const FieldPosition<T>& position, const T u[3])
      : x(axis(map, position, u, 0)), y(axis(map, position, u, 1)), z(axis(map, position, u, 2)) {}

  __device__ bool inside() const { return x.inside && y.inside && z.inside; }

  /** The first voxel of row (b, c) of the four along x. */
  __device__ int64_t row(const int64_t size[3], int c, int b) const {
    return ((c ? z.above : z.below) * size[1] + (b ? y.above : y.below)) * size[0];
  }

  /** Interpolated vector; corners of no weight count as well, so that NaN shows. */
  __device__ void sample(const FieldMap<T>& map, const T* field, T value[3]) const {
    const int64_t voxels = map.voxels();
    VK_UNROLL
    for (int k = 0; k < 3; ++k) value[k] = 0;
    VK_UNROLL
    for (int c = 0; c < 2; ++c) {
      VK_UNROLL
      for (int b = 0; b < 2; ++b) {
        const T weight = (c ? z.fraction : 1 - z.fraction) * (b ? y.fraction : 1 - y.fraction);
        const T* const left = field + row(map.size, c, b);
        VK_UNROLL
        for (int k = 0; k < 3; ++k) {
          const T* const at = left + k * voxels;
          value[k] += weight * ((1 - x.fraction) * at[x.below] + x.fraction * at[x.above]);
        }
      }
    }
  }

 private:
  __device__ static FieldAxis<T> axis(const FieldMap<T>& map, const FieldPosition<T>& position,
                                      const T u[3], int r) {
    const T* const row = map.offsets + 3 * r;
    return fieldAxis(position.whole[r],
                     position.rest[r] + (row[0] * u[0] + row[1] * u[1] + row[2] * u[2]),
                     map.size[r]);
  }
};

template <class T>
__device__ void loadVector(const T* field, int64_t voxels, int64_t i, T u[3]) {
  for (int k = 0; k < 3; ++k) u[k] = field[k * voxels + i];
}

template <class T>
__device__ void storeVector(T* field, int64_t voxels, int64_t i, const T u[3]) {
  for (int k = 0; k < 3; ++k) field[k * voxels + i] = u[k];
}

}  // namespace vk::cuda
