// The formulae of one sample, shared by the CPU's slow path (cubic, nearest, values that are not
// finite) and CUDA.
#pragma once

#include <cmath>
#include <cstdint>

#include "voxkern/sampling.h"

#ifndef VK_HD
#ifdef __CUDACC__
#define VK_HD __host__ __device__
#else
#define VK_HD
#endif
#endif

namespace vk {

/** The taps of one axis that lie within the input, with their weights and the weights' derivatives
 * by the grid's coordinate. */
struct GridSampleTaps {
  int count;
  int64_t index[4];
  double weight[4];
  double slope[4];
};

/** Folds p about the mirrors; *sign becomes the derivative, 1 or -1. */
VK_HD inline double gridSampleReflect(double p, int64_t size, bool alignCorners, double* sign) {
  const double low = alignCorners ? 0 : -0.5;
  const double span = alignCorners ? double(size - 1) : double(size);
  *sign = p < low ? -1 : 1;
  if (span == 0) {
    *sign = 0;
    return 0;
  }
  const double distance = std::fabs(p - low);
  const double flips = std::floor(distance / span);
  const double rest = distance - flips * span;
  if (flips - 2 * std::floor(flips / 2) == 0) return low + rest;
  *sign = -*sign;
  return low + span - rest;
}

/** Weights of cubic convolution with a = -0.75 of the taps at -1, 0, 1, 2 from the cell. */
VK_HD inline void gridSampleCubicWeights(double t, double weight[4], double slope[4]) {
  const double a = -0.75;
  const double u = 1 - t;
  weight[0] = a * t * u * u;
  weight[1] = ((a + 2) * t - (a + 3)) * t * t + 1;
  weight[2] = ((a + 2) * u - (a + 3)) * u * u + 1;
  weight[3] = a * u * t * t;
  slope[0] = a * u * (u - 2 * t);
  slope[1] = (3 * (a + 2) * t - 2 * (a + 3)) * t;
  slope[2] = -(3 * (a + 2) * u - 2 * (a + 3)) * u;
  slope[3] = a * t * (2 * u - t);
}

VK_HD inline GridSampleTaps gridSampleTaps(double coordinate, int64_t size, vk_sampling_mode mode,
                                           vk_sampling_padding padding, bool alignCorners) {
  const double last = double(size - 1);
  double scale = 0.5 * (alignCorners ? last : double(size));
  double p = coordinate * scale + 0.5 * last;
  GridSampleTaps taps;
  taps.count = 0;
  const bool zeros = padding == VK_SAMPLING_ZEROS;
  if (zeros && !(p >= -3 && p <= double(size) + 2)) return taps;
  double sign = 1;
  if (padding == VK_SAMPLING_REFLECTION && mode != VK_SAMPLING_CUBIC) {
    p = gridSampleReflect(p, size, alignCorners, &sign);
  }
  if (p - p != 0 && !(padding == VK_SAMPLING_BORDER && p == p)) {
    p = 0;
    sign = 0;
  }
  if (!zeros && mode != VK_SAMPLING_CUBIC) {
    if (p <= 0 || p >= last) sign = 0;
    p = p <= 0 ? 0 : (p >= last ? last : p);
  }
  if (mode == VK_SAMPLING_CUBIC &&
      (padding == VK_SAMPLING_BORDER || (padding == VK_SAMPLING_REFLECTION && size == 1))) {
    // Further out every tap is the edge.
    p = p < -4 ? -4 : (p > last + 4 ? last + 4 : p);
  }
  scale *= sign;
  int64_t first;
  double weight[4];
  double slope[4];
  int count;
  if (mode == VK_SAMPLING_NEAREST) {
    first = int64_t(std::nearbyint(p));
    count = 1;
    weight[0] = 1;
    slope[0] = 0;
  } else {
    const double whole = std::floor(p);
    const double t = p - whole;
    if (mode == VK_SAMPLING_LINEAR) {
      first = int64_t(whole);
      count = 2;
      weight[0] = 1 - t;
      weight[1] = t;
      slope[0] = -1;
      slope[1] = 1;
    } else {
      // Reflection repeats, so whole periods do not matter.
      const double period = alignCorners ? 2 * last : 2 * double(size);
      const bool repeats = padding == VK_SAMPLING_REFLECTION && period > 0;
      first = int64_t(repeats ? std::fmod(whole, period) : whole) - 1;
      count = 4;
      gridSampleCubicWeights(t, weight, slope);
    }
  }
  for (int k = 0; k < count; ++k) {
    int64_t index = first + k;
    if (mode == VK_SAMPLING_CUBIC && !zeros) {
      if (padding == VK_SAMPLING_REFLECTION) {
        double ignored;
        index = int64_t(gridSampleReflect(double(index), size, alignCorners, &ignored));
      }
      index = index < 0 ? 0 : (index >= size ? size - 1 : index);
    }
    if (index < 0 || index >= size) continue;
    taps.index[taps.count] = index;
    taps.weight[taps.count] = weight[k];
    taps.slope[taps.count++] = slope[k] * scale;
  }
  return taps;
}

}  // namespace vk
