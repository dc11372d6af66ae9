// The formulae of one sample, shared by the CPU's slow path (border cells, NaN neighbours) and
// CUDA.
#pragma once

#include <cmath>
#include <cstdint>

#include "voxkern/registration.h"

#ifndef VK_HD
#ifdef __CUDACC__
#define VK_HD __host__ __device__
#else
#define VK_HD
#endif
#endif

namespace vk {

/** A position this far from the origin, in voxels, counts as no position at all. */
constexpr int64_t kWarp3dFar = int64_t{1} << 22;

/** The voxel that stands in for index i outside [0, size). */
VK_HD inline int64_t warp3dFold(int64_t i, int64_t size, vk_border border) {
  if (i >= 0 && i < size) return i;
  if (border == VK_BORDER_PERIODIC) {
    const int64_t r = i % size;
    return r < 0 ? r + size : r;
  }
  if (border == VK_BORDER_MIRROR && size > 1) {
    const int64_t period = 2 * (size - 1);
    int64_t r = i % period;
    if (r < 0) r += period;
    return r < size ? r : period - r;
  }
  return i < 0 ? 0 : size - 1;
}

/** Cubic B-spline weights, and their derivatives, of the taps at -1, 0, 1, 2 from the cell. */
template <class T>
VK_HD inline void warp3dCubicWeights(T f, T weights[4], T slopes[4]) {
  const T g = 1 - f;
  weights[0] = g * g * g / 6;
  weights[1] = (f * f * (3 * f - 6) + 4) / 6;
  weights[2] = (g * g * (3 * g - 6) + 4) / 6;
  weights[3] = f * f * f / 6;
  slopes[0] = -g * g / 2;
  slopes[1] = f * (3 * f - 4) / 2;
  slopes[2] = -g * (3 * g - 4) / 2;
  slopes[3] = f * f / 2;
}

/** True where ITK calls the position inside the buffer: the nearest voxel, half up, exists. */
VK_HD inline bool warp3dIsInside(const double p[3], const int64_t size[3]) {
  for (int r = 0; r < 3; ++r) {
    if (!(p[r] >= -0.5 && p[r] < double(size[r]) - 0.5)) return false;
  }
  return true;
}

VK_HD inline bool warp3dIsPosition(const double p[3]) {
  for (int r = 0; r < 3; ++r) {
    if (!(std::fabs(p[r]) <= double(kWarp3dFar))) return false;
  }
  return true;
}

/** Whether a sample is taken at p at all; where not, the fill value stands and the gradient is 0.
 */
VK_HD inline bool warp3dIsSampled(const double p[3], const int64_t size[3], vk_border border) {
  return warp3dIsPosition(p) && (border != VK_BORDER_CONSTANT || warp3dIsInside(p, size));
}

/** The taps of one axis: up to four voxels with their weights and slopes. */
struct Warp3dTaps {
  int count;
  int64_t index[4];
  double weight[4];
  double slope[4];
};

VK_HD inline Warp3dTaps warp3dTaps(double p, int64_t size, vk_interpolation interpolation,
                                   vk_border border) {
  Warp3dTaps taps;
  if (interpolation == VK_CUBIC_BSPLINE) {
    double slopeScale = 1;
    if (border == VK_BORDER_CLAMP) {
      const double last = double(size - 1);
      if (p < 0 || p > last) slopeScale = 0;
      p = p < 0 ? 0 : (p > last ? last : p);
    }
    const double floored = std::floor(p);
    warp3dCubicWeights(p - floored, taps.weight, taps.slope);
    taps.count = 4;
    for (int k = 0; k < 4; ++k) {
      // The coefficients continue as the prefilter assumed them to.
      taps.index[k] = warp3dFold(int64_t(floored) + k - 1, size,
                                 border == VK_BORDER_PERIODIC ? border : VK_BORDER_MIRROR);
      taps.slope[k] *= slopeScale;
    }
    return taps;
  }
  if (interpolation == VK_NEAREST) {
    taps.count = 1;
    taps.index[0] = warp3dFold(int64_t(std::floor(p + 0.5)), size, border);
    taps.weight[0] = 1;
    taps.slope[0] = 0;
    return taps;
  }
  const double floored = std::floor(p);
  const double f = p - floored;
  taps.count = 2;
  taps.weight[0] = 1 - f;
  taps.weight[1] = f;
  taps.slope[0] = -1;
  taps.slope[1] = 1;
  for (int k = 0; k < 2; ++k) taps.index[k] = warp3dFold(int64_t(floored) + k, size, border);
  return taps;
}

/** Value at p, a sampled position; a tap of weight 0 does not count, so that a NaN beside an exact
 * voxel position does not spread. */
template <class T>
VK_HD inline double warp3dSample(const T* moving, const int64_t size[3], const double p[3],
                                 vk_interpolation interpolation, vk_border border) {
  const Warp3dTaps tx = warp3dTaps(p[0], size[0], interpolation, border);
  const Warp3dTaps ty = warp3dTaps(p[1], size[1], interpolation, border);
  const Warp3dTaps tz = warp3dTaps(p[2], size[2], interpolation, border);
  double value = 0;
  for (int c = 0; c < tz.count; ++c) {
    for (int b = 0; b < ty.count; ++b) {
      const double weight = tz.weight[c] * ty.weight[b];
      const T* row = moving + (tz.index[c] * size[1] + ty.index[b]) * size[0];
      for (int a = 0; a < tx.count; ++a) {
        const double w = weight * tx.weight[a];
        if (w != 0) value += w * double(row[tx.index[a]]);
      }
    }
  }
  return value;
}

/** Derivative with respect to p, 0 where it is not finite. */
template <class T>
VK_HD inline void warp3dSlope(const T* moving, const int64_t size[3], const double p[3],
                              vk_interpolation interpolation, vk_border border, double slope[3]) {
  const Warp3dTaps tx = warp3dTaps(p[0], size[0], interpolation, border);
  const Warp3dTaps ty = warp3dTaps(p[1], size[1], interpolation, border);
  const Warp3dTaps tz = warp3dTaps(p[2], size[2], interpolation, border);
  slope[0] = slope[1] = slope[2] = 0;
  for (int c = 0; c < tz.count; ++c) {
    for (int b = 0; b < ty.count; ++b) {
      const T* row = moving + (tz.index[c] * size[1] + ty.index[b]) * size[0];
      for (int a = 0; a < tx.count; ++a) {
        const double v = double(row[tx.index[a]]);
        slope[0] += tz.weight[c] * ty.weight[b] * tx.slope[a] * v;
        slope[1] += tz.weight[c] * ty.slope[b] * tx.weight[a] * v;
        slope[2] += tz.slope[c] * ty.weight[b] * tx.weight[a] * v;
      }
    }
  }
  const double sum = slope[0] + slope[1] + slope[2];
  if (!(sum - sum == 0)) slope[0] = slope[1] = slope[2] = 0;
}

}  // namespace vk
