// The recursive cubic B-spline filter of Unser, Aldroubi and Eden (1993).
#pragma once

#include <cmath>
#include <cstdint>

#include "voxkern/registration.h"

namespace vk {

/** The pole, sqrt(3) - 2. */
constexpr double kBsplinePole = -0.26794919243112270647;
constexpr double kBsplineGain = 6;

/** Powers of the pole below f32's resolution are left out of the start-up sums. */
constexpr int64_t kBsplineHorizon = 20;

/** The weights of samples 0 .. count - 1 in the first causal value, mirror border: the infinite sum
 * of z^k s(k) over the mirrored signal. At most `horizon` of them. */
inline int64_t bsplineCausalWeights(int64_t size, int64_t horizon, double* weights) {
  if (size > horizon) {
    for (int64_t k = 0; k < horizon; ++k) weights[k] = std::pow(kBsplinePole, double(k));
    return horizon;
  }
  const double period = double(2 * size - 2);
  const double closed = 1 - std::pow(kBsplinePole, period);
  for (int64_t k = 0; k < size; ++k) {
    const bool turns = k == 0 || k == size - 1;
    const double there = std::pow(kBsplinePole, double(k));
    const double back = turns ? 0 : std::pow(kBsplinePole, period - double(k));
    weights[k] = (there + back) / closed;
  }
  return size;
}

/** The weights of the samples k steps away, round the period, in the first causal and in the last
 * anticausal value, periodic border. */
inline int64_t bsplinePeriodicWeights(int64_t size, int64_t horizon, double* weights) {
  const int64_t count = size < horizon ? size : horizon;
  const double closed = 1 - std::pow(kBsplinePole, double(size));
  for (int64_t k = 0; k < count; ++k) weights[k] = std::pow(kBsplinePole, double(k)) / closed;
  return count;
}

inline int64_t bsplineCausalStart(int64_t size, float weights[kBsplineHorizon]) {
  double exact[kBsplineHorizon];
  const int64_t count = bsplineCausalWeights(size, kBsplineHorizon, exact);
  for (int64_t k = 0; k < count; ++k) weights[k] = float(exact[k]);
  return count;
}

inline int64_t bsplinePeriodicStart(int64_t size, float weights[kBsplineHorizon]) {
  double exact[kBsplineHorizon];
  const int64_t count = bsplinePeriodicWeights(size, kBsplineHorizon, exact);
  for (int64_t k = 0; k < count; ++k) weights[k] = float(exact[k]);
  return count;
}

}  // namespace vk
