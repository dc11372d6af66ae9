// What warp3dTaps gives, of a number of taps that is known when compiled: a loop over them is then
// unrolled and they stay in registers.
#pragma once

#include "warp3d/warp3d_math.h"

namespace vk {

/** The taps of one axis below 2^31 voxels: 1 is nearest, 2 linear, 4 cubic. */
template <int kTaps, class T>
struct Warp3dAxis {
  /** The first tap before the border is applied. */
  int32_t cell;
  int32_t index[kTaps];
  T weight[kTaps];
  T slope[kTaps];
};

template <int kTaps, class T>
VK_HD inline Warp3dAxis<kTaps, T> warp3dAxis(double p, int64_t size, vk_border border) {
  Warp3dAxis<kTaps, T> axis;
  if constexpr (kTaps == 1) {
    axis.cell = int32_t(std::floor(p + 0.5));
    axis.weight[0] = 1;
    axis.slope[0] = 0;
  } else if constexpr (kTaps == 2) {
    const double floored = std::floor(p);
    const T f = T(p - floored);
    axis.cell = int32_t(floored);
    axis.weight[0] = 1 - f;
    axis.weight[1] = f;
    axis.slope[0] = -1;
    axis.slope[1] = 1;
  } else {
    bool held = false;
    if (border == VK_BORDER_CLAMP) {
      const double last = double(size - 1);
      held = p < 0 || p > last;
      p = p < 0 ? 0 : (p > last ? last : p);
    }
    // The coefficients continue as the prefilter assumed them to.
    if (border != VK_BORDER_PERIODIC) border = VK_BORDER_MIRROR;
    const double floored = std::floor(p);
    axis.cell = int32_t(floored) - 1;
    warp3dCubicWeights(T(p - floored), axis.weight, axis.slope);
    if (held) {
      for (int k = 0; k < 4; ++k) axis.slope[k] = 0;
    }
  }
  for (int k = 0; k < kTaps; ++k) {
    axis.index[k] = int32_t(warp3dFold(axis.cell + k, size, border));
  }
  return axis;
}

}  // namespace vk
