// The truncated Gaussian along one axis: which input voxels an output voxel weighs, and by how
// much.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/host_device.h"

namespace vk {

/**
 * Output voxel j of an axis sits at input index factor * j + offset and weighs the input voxels
 * [first + factor * j, first + factor * j + count).
 */
struct GaussianTaps {
  int64_t first;
  int64_t count;
};

/** Everything within ceil(4 sigma): what lies beyond holds 6.3e-5 of a Gaussian's mass. */
inline GaussianTaps gaussianTaps(double sigma, double offset) {
  if (sigma > 0) {
    const double radius = std::ceil(4 * sigma);
    const int64_t first = static_cast<int64_t>(std::ceil(offset - radius));
    const int64_t last = static_cast<int64_t>(std::floor(offset + radius));
    return {first, last - first + 1};
  }
  const int64_t first = static_cast<int64_t>(std::floor(offset));
  return {first, std::floor(offset) == offset ? 1 : 2};
}

/** Weight of tap `tap`, not normalised. Without smoothing it interpolates linearly. */
VK_HD inline double gaussianWeight(double sigma, double offset, const GaussianTaps& taps,
                                   int64_t tap) {
  const double distance = static_cast<double>(taps.first + tap) - offset;
  if (!(sigma > 0)) return 1 - fabs(distance);
  // Relative to the nearest tap, so that a narrow kernel between two voxels does not vanish. Taps
  // too light to matter are none: a product of three of the others is far from f32's underflow.
  const double nearest = round(offset) - offset;
  const double weight = exp((nearest * nearest - distance * distance) / (2 * sigma * sigma));
  return weight < 1e-9 ? 0 : weight;
}

}  // namespace vk
