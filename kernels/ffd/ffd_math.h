// Cubic B-spline weights shared by the CPU and CUDA kernels.
#pragma once

namespace vk {

/** Weights of the four control points around a position `fraction` into a control interval. */
inline void cubicWeights(double fraction, double weights[4]) {
  const double f = fraction;
  const double g = 1 - f;
  weights[0] = g * g * g / 6;
  weights[1] = (4 + 3 * f * f * (f - 2)) / 6;
  weights[2] = (4 + 3 * g * g * (g - 2)) / 6;
  weights[3] = f * f * f / 6;
}

}  // namespace vk
