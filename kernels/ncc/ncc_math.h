// What the fast backends share: moments of a set of voxels, how two sets' moments combine, and the
// measure of the whole.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/host_device.h"

namespace vk {

/** Means and central second moments (sums, not averages) of the counted voxels of a set. */
struct NccMoments {
  double fixedMean;
  double warpedMean;
  double fixedFixed;
  double warpedWarped;
  double fixedWarped;
  double counted;
};

/** Sums of the two intensities of a set minus their shifts. */
struct NccShiftedSums {
  double fixed;
  double warped;
  double fixedFixed;
  double warpedWarped;
  double fixedWarped;
};

/** dNCC/dwarped = fixedFactor (fixed - fixedMean) - warpedFactor (warped - warpedMean) */
struct NccSlope {
  double fixedMean;
  double warpedMean;
  double fixedFactor;
  double warpedFactor;
};

/** A standard deviation below this part of the mean is rounding: the image is constant. */
constexpr double kNccConstant = 1e-12;

VK_HD inline NccMoments nccMoments(const NccShiftedSums& sums, double counted, double fixedShift,
                                   double warpedShift) {
  if (counted == 0) return {};
  const double fixed = sums.fixed / counted;
  const double warped = sums.warped / counted;
  return {fixedShift + fixed,
          warpedShift + warped,
          sums.fixedFixed - sums.fixed * fixed,
          sums.warpedWarped - sums.warped * warped,
          sums.fixedWarped - sums.fixed * warped,
          counted};
}

/** The moments of the union of two sets (Chan, Golub, LeVeque 1983). */
VK_HD inline NccMoments nccUnion(const NccMoments& a, const NccMoments& b) {
  if (a.counted == 0) return b;
  if (b.counted == 0) return a;
  const double counted = a.counted + b.counted;
  const double fixed = b.fixedMean - a.fixedMean;
  const double warped = b.warpedMean - a.warpedMean;
  const double weight = a.counted * b.counted / counted;
  return {a.fixedMean + fixed * b.counted / counted,
          a.warpedMean + warped * b.counted / counted,
          a.fixedFixed + b.fixedFixed + fixed * fixed * weight,
          a.warpedWarped + b.warpedWarped + warped * warped * weight,
          a.fixedWarped + b.fixedWarped + fixed * warped * weight,
          counted};
}

VK_HD inline bool nccVaries(double secondMoment, double counted, double mean) {
  return secondMoment > counted * (kNccConstant * mean) * (kNccConstant * mean);
}

VK_HD inline double nccOfMoments(const NccMoments& moments, NccSlope* slope) {
  *slope = {moments.fixedMean, moments.warpedMean, 0, 0};
  if (!nccVaries(moments.fixedFixed, moments.counted, moments.fixedMean) ||
      !nccVaries(moments.warpedWarped, moments.counted, moments.warpedMean)) {
    return 0;
  }
  const double scale = 1.0 / (sqrt(moments.fixedFixed) * sqrt(moments.warpedWarped));
  const double value = moments.fixedWarped * scale;
  slope->fixedFactor = scale;
  slope->warpedFactor = value / moments.warpedWarped;
  return fmin(fmax(value, -1.0), 1.0);
}

}  // namespace vk
