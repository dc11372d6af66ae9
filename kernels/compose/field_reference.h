// Linear interpolation of a planar vector field in f64, for the references of compose, exponential
// and invert.
#pragma once

#include <cstdint>

namespace vk {

struct ReferenceAxis {
  int64_t below, above;
  double fraction;
  /** False where the position lies outside and the border continues. */
  bool moves;
};

inline ReferenceAxis referenceAxis(double position, int64_t size) {
  const double last = double(size - 1);
  const bool moves = position >= 0 && position <= last && size > 1;
  if (!(position > 0)) position = 0;
  if (position > last) position = last;
  int64_t below = static_cast<int64_t>(position);
  if (below > size - 2) below = size > 1 ? size - 2 : 0;
  return {below, size > 1 ? below + 1 : 0, position - double(below), moves};
}

/** The eight corners around a position: body(corner's voxel, weight, slopes along x, y, z). */
template <class Body>
void forCorners(const int64_t size[3], const double position[3], Body&& body) {
  ReferenceAxis axes[3];
  for (int axis = 0; axis < 3; ++axis) axes[axis] = referenceAxis(position[axis], size[axis]);
  for (int corner = 0; corner < 8; ++corner) {
    int64_t at[3];
    double weight[3], slope[3];
    for (int axis = 0; axis < 3; ++axis) {
      const bool above = corner >> axis & 1;
      at[axis] = above ? axes[axis].above : axes[axis].below;
      weight[axis] = above ? axes[axis].fraction : 1 - axes[axis].fraction;
      slope[axis] = axes[axis].moves ? (above ? 1 : -1) : 0;
    }
    const double slopes[3] = {slope[0] * weight[1] * weight[2], weight[0] * slope[1] * weight[2],
                              weight[0] * weight[1] * slope[2]};
    body((at[2] * size[1] + at[1]) * size[0] + at[0], weight[0] * weight[1] * weight[2], slopes);
  }
}

template <class T>
void sampleField(const T* field, const int64_t size[3], const double position[3], double value[3]) {
  const int64_t voxels = size[0] * size[1] * size[2];
  for (int c = 0; c < 3; ++c) value[c] = 0;
  forCorners(size, position, [&](int64_t voxel, double weight, const double*) {
    for (int c = 0; c < 3; ++c) value[c] += weight * double(field[c * voxels + voxel]);
  });
}

/** position = indexMap (voxel, 1) + displacementMap u */
inline void mapPosition(const double indexMap[12], const double displacementMap[9],
                        const int64_t voxel[3], const double u[3], double position[3]) {
  for (int r = 0; r < 3; ++r) {
    position[r] = indexMap[4 * r + 3];
    for (int c = 0; c < 3; ++c) {
      position[r] += indexMap[4 * r + c] * double(voxel[c]) + displacementMap[3 * r + c] * u[c];
    }
  }
}

}  // namespace vk
