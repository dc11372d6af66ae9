// What gridSampleTaps gives, of a mode that is known when compiled: a loop over the taps is then
// unrolled and they stay in registers.
#pragma once

#include "grid_sample/grid_sample_math.h"

namespace vk {

/** The taps of one axis of at most 2^30 voxels: 1 is nearest, 2 linear, 4 cubic. */
template <int kTaps, class T>
struct GridSampleAxis {
  /** The first tap before the padding is applied. */
  int32_t first;
  /** -1, with no weight and no slope, where the tap does not count. */
  int32_t index[kTaps];
  T weight[kTaps];
  T slope[kTaps];
};

template <int kTaps, class T>
VK_HD inline GridSampleAxis<kTaps, T> gridSampleAxis(double coordinate, int64_t size,
                                                     vk_sampling_padding padding,
                                                     bool alignCorners) {
  constexpr bool kCubic = kTaps == 4;
  GridSampleAxis<kTaps, T> axis;
  const double last = double(size - 1);
  double scale = 0.5 * (alignCorners ? last : double(size));
  double p = coordinate * scale + 0.5 * last;
  const bool zeros = padding == VK_SAMPLING_ZEROS;
  if (zeros && !(p >= -3 && p <= double(size) + 2)) {
    axis.first = 0;
    for (int k = 0; k < kTaps; ++k) {
      axis.index[k] = -1;
      axis.weight[k] = axis.slope[k] = 0;
    }
    return axis;
  }
  double sign = 1;
  if (padding == VK_SAMPLING_REFLECTION && !kCubic) {
    p = gridSampleReflect(p, size, alignCorners, &sign);
  }
  if (p - p != 0 && !(padding == VK_SAMPLING_BORDER && p == p)) {
    p = 0;
    sign = 0;
  }
  if (!zeros && !kCubic) {
    if (p <= 0 || p >= last) sign = 0;
    p = p <= 0 ? 0 : (p >= last ? last : p);
  }
  if (kCubic &&
      (padding == VK_SAMPLING_BORDER || (padding == VK_SAMPLING_REFLECTION && size == 1))) {
    // Further out every tap is the edge.
    p = p < -4 ? -4 : (p > last + 4 ? last + 4 : p);
  }
  scale *= sign;
  if constexpr (kTaps == 1) {
    axis.first = int32_t(std::nearbyint(p));
    axis.weight[0] = 1;
    axis.slope[0] = 0;
  } else {
    const double whole = std::floor(p);
    const T t = T(p - whole);
    if constexpr (kTaps == 2) {
      axis.first = int32_t(whole);
      axis.weight[0] = 1 - t;
      axis.weight[1] = t;
      axis.slope[0] = -1;
      axis.slope[1] = 1;
    } else {
      // Reflection repeats, so whole periods do not matter.
      const double period = alignCorners ? 2 * last : 2 * double(size);
      const bool repeats = padding == VK_SAMPLING_REFLECTION && period > 0;
      axis.first = int32_t(repeats ? std::fmod(whole, period) : whole) - 1;
      double weight[4], slope[4];
      gridSampleCubicWeights(p - whole, weight, slope);
      for (int k = 0; k < 4; ++k) {
        axis.weight[k] = T(weight[k]);
        axis.slope[k] = T(slope[k]);
      }
    }
  }
  for (int k = 0; k < kTaps; ++k) {
    int64_t index = axis.first + k;
    if (kCubic && !zeros) {
      if (padding == VK_SAMPLING_REFLECTION) {
        double ignored;
        index = int64_t(gridSampleReflect(double(index), size, alignCorners, &ignored));
      }
      index = index < 0 ? 0 : (index >= size ? size - 1 : index);
    }
    const bool counts = index >= 0 && index < size;
    axis.index[k] = counts ? int32_t(index) : -1;
    axis.weight[k] = counts ? axis.weight[k] : T(0);
    axis.slope[k] = counts ? axis.slope[k] * T(scale) : T(0);
  }
  return axis;
}

}  // namespace vk
