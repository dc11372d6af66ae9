// The IoU in f64 of two boxes in f32, to the rounding of the contracts of soft_nms and
// box_clustering. Compiled for the baseline instruction set.
#pragma once

#include "nms/nms.h"

namespace vk {

/** Whether a box takes part in comparisons; see kernels/nms/README.md. */
inline bool isComparable(const float* box, int dimensions) {
  for (int axis = 0; axis < dimensions; ++axis) {
    const float low = box[axis], high = box[dimensions + axis];
    if (!(low >= -static_cast<float>(kNmsLargestCoordinate) &&
          high <= static_cast<float>(kNmsLargestCoordinate) &&
          high - low >= static_cast<float>(kNmsLeastExtent))) {
      return false;
    }
  }
  return true;
}

inline double boxVolume(const float* box, int dimensions) {
  double volume = 1;
  for (int axis = 0; axis < dimensions; ++axis) {
    volume *= static_cast<double>(box[dimensions + axis]) - static_cast<double>(box[axis]);
  }
  return volume;
}

/** Of two comparable boxes. */
inline double boxIou(const float* a, const float* b, int dimensions) {
  double common = 1;
  for (int axis = 0; axis < dimensions; ++axis) {
    const float low = a[axis] > b[axis] ? a[axis] : b[axis];
    const float high =
        a[dimensions + axis] < b[dimensions + axis] ? a[dimensions + axis] : b[dimensions + axis];
    if (!(high > low)) return 0;
    common *= static_cast<double>(high) - static_cast<double>(low);
  }
  return common / (boxVolume(a, dimensions) + boxVolume(b, dimensions) - common);
}

}  // namespace vk
