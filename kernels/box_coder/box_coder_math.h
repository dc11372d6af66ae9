// One axis of one box, shared by the fast implementations. Compiled for the baseline instruction
// set. In f64: corners may lie far from 0 beside their distance.
#pragma once

#include <cmath>

namespace vk {

inline void encodeAxis(double low, double high, double anchorLow, double anchorHigh,
                       double centreWeight, double extentWeight, float* shift, float* scale) {
  const double extent = anchorHigh - anchorLow;
  const double moved = 0.5 * ((low - anchorLow) + (high - anchorHigh));
  *shift = static_cast<float>(centreWeight * moved / extent);
  *scale = static_cast<float>(extentWeight * std::log((high - low) / extent));
}

inline void decodeAxis(double shift, double scale, double anchorLow, double anchorHigh,
                       double limit, float* low, float* high) {
  const double extent = anchorHigh - anchorLow;
  const double centre = 0.5 * (anchorLow + anchorHigh) + shift * extent;
  const double half = 0.5 * extent * std::exp(scale > limit ? limit : scale);
  *low = static_cast<float>(centre - half);
  *high = static_cast<float>(centre + half);
}

inline void decodeGradientAxis(double scale, double anchorLow, double anchorHigh, double limit,
                               double byLow, double byHigh, double centreWeight,
                               double extentWeight, float* byShift, float* byScale) {
  const double extent = anchorHigh - anchorLow;
  *byShift = static_cast<float>((byLow + byHigh) * extent / centreWeight);
  const double grown = scale > limit ? 0 : 0.5 * extent * std::exp(scale) / extentWeight;
  *byScale = scale > limit ? 0.0f : static_cast<float>((byHigh - byLow) * grown);
}

}  // namespace vk
