// What the fast backends share: moments of a set of voxels, how two sets' moments combine, and the
// measure of the whole.
#pragma once

#include <cstdint>

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

NccMoments nccMoments(const NccShiftedSums& sums, double counted, double fixedShift,
                      double warpedShift);
/** The moments of the union of two sets (Chan, Golub, LeVeque 1983). */
NccMoments nccUnion(const NccMoments& a, const NccMoments& b);
double nccOfMoments(const NccMoments& moments, NccSlope* slope);

}  // namespace vk
