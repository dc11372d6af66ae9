#include <algorithm>
#include <cmath>

#include "ncc/ncc_math.h"

namespace vk {

NccMoments nccMoments(const NccShiftedSums& sums, double counted, double fixedShift,
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

NccMoments nccUnion(const NccMoments& a, const NccMoments& b) {
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

double nccOfMoments(const NccMoments& moments, NccSlope* slope) {
  *slope = {moments.fixedMean, moments.warpedMean, 0, 0};
  const auto varies = [&](double secondMoment, double mean) {
    return secondMoment > moments.counted * (kNccConstant * mean) * (kNccConstant * mean);
  };
  if (!varies(moments.fixedFixed, moments.fixedMean) ||
      !varies(moments.warpedWarped, moments.warpedMean)) {
    return 0;
  }
  const double scale = 1.0 / (std::sqrt(moments.fixedFixed) * std::sqrt(moments.warpedWarped));
  const double value = moments.fixedWarped * scale;
  slope->fixedFactor = scale;
  slope->warpedFactor = value / moments.warpedWarped;
  return std::clamp(value, -1.0, 1.0);
}

}  // namespace vk
