// One axis of one box, shared by the fast implementations. Compiled for the baseline instruction
// set. In f64: corners may lie far from 0 beside their distance.
#pragma once

#include <cmath>

#include "core/host_device.h"

namespace vk {

template <class T>
VK_HD inline void encodeAxis(double low, double high, double anchorLow, double anchorHigh,
                             double centreWeight, double extentWeight, T* shift, T* scale) {
  const double extent = anchorHigh - anchorLow;
  const double moved = 0.5 * ((low - anchorLow) + (high - anchorHigh));
  *shift = static_cast<T>(centreWeight * moved / extent);
  *scale = static_cast<T>(extentWeight * log((high - low) / extent));
}

template <class T>
VK_HD inline void decodeAxis(double shift, double scale, double anchorLow, double anchorHigh,
                             double limit, T* low, T* high) {
  const double extent = anchorHigh - anchorLow;
  const double centre = 0.5 * (anchorLow + anchorHigh) + shift * extent;
  const double half = 0.5 * extent * exp(scale > limit ? limit : scale);
  *low = static_cast<T>(centre - half);
  *high = static_cast<T>(centre + half);
}

template <class T>
VK_HD inline void decodeGradientAxis(double scale, double anchorLow, double anchorHigh,
                                     double limit, double byLow, double byHigh, double centreWeight,
                                     double extentWeight, T* byShift, T* byScale) {
  const double extent = anchorHigh - anchorLow;
  *byShift = static_cast<T>((byLow + byHigh) * extent / centreWeight);
  const double grown = scale > limit ? 0 : 0.5 * extent * exp(scale) / extentWeight;
  *byScale = scale > limit ? T(0) : static_cast<T>((byHigh - byLow) * grown);
}

}  // namespace vk
