#include <bit>
#include <cmath>
#include <limits>

#include "mutual_information/mutual_information_math.h"

namespace vk {

namespace {

struct Entropies {
  double fixed = 0;
  double moving = 0;
  double joint = 0;
};

/** Numbers the finite floats in ascending order; both zeros are 0. */
int64_t orderOf(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const int64_t magnitude = bits & 0x7FFFFFFF;
  return (bits >> 31) != 0 ? -magnitude : magnitude;
}

float floatOf(int64_t order) {
  const uint32_t magnitude = static_cast<uint32_t>(order < 0 ? -order : order);
  return std::bit_cast<float>(order < 0 ? magnitude | 0x80000000 : magnitude);
}

void jointOfTaps(const int64_t* taps, int32_t bins, double* joint) {
  const int32_t centres = centreBins(bins);
  const int64_t cells = parzenCells(bins);
  int64_t total = 0;
  for (int64_t i = 0; i < cells * kParzenTaps; ++i) total += taps[i];
  for (int64_t i = 0; i < int64_t(bins) * bins; ++i) joint[i] = 0;
  if (total == 0) return;
  const double normalise = 1.0 / double(total);
  for (int32_t fixed = 0; fixed < centres; ++fixed) {
    int64_t row[kMaximumBins] = {};
    for (int32_t moving = 0; moving < centres; ++moving) {
      for (int32_t tap = 0; tap < kParzenTaps; ++tap) {
        row[moving + kParzenPadding - 1 + tap] +=
            taps[(int64_t(fixed) * centres + moving) * kParzenTaps + tap];
      }
    }
    double* out = joint + int64_t(fixed + kParzenPadding) * bins;
    for (int32_t moving = 0; moving < bins; ++moving) out[moving] = double(row[moving]) * normalise;
  }
}

}  // namespace

IntensityAxis intensityAxis(double minimum, double maximum, int32_t bins) {
  const double scale = 1.0 / intensityBinSize(minimum, maximum, bins);
  const float origin = float(minimum);
  // Subtracting an f32 origin is nearly free of rounding; what the origin lost goes to the offset.
  return {origin, float(scale), float((double(origin) - minimum) * scale)};
}

void fixedUpperEdges(double minimum, double maximum, int32_t bins, float* upperEdges) {
  const double size = intensityBinSize(minimum, maximum, bins);
  const double normalisedMinimum = minimum / size - kParzenPadding;
  const int32_t centres = centreBins(bins);
  for (int32_t centre = 0; centre < centres - 1; ++centre) {
    const double bin = centre + 1 + kParzenPadding;
    // Bisection over the floats in their order: near zero there are far too many to step through.
    int64_t below = orderOf(-std::numeric_limits<float>::max());
    int64_t above = orderOf(std::numeric_limits<float>::max());
    while (above - below > 1) {
      const int64_t middle = (below + above) / 2;
      const bool isAbove = double(floatOf(middle)) / size - normalisedMinimum >= bin;
      (isAbove ? above : below) = middle;
    }
    upperEdges[centre] = floatOf(above);
  }
  upperEdges[centres - 1] = std::numeric_limits<float>::infinity();
}

double measureOfTaps(const vk_mutual_information_params& params, const int64_t* taps, double* joint,
                     float* slopes) {
  const int32_t bins = params.bins;
  const int32_t centres = centreBins(bins);
  jointOfTaps(taps, bins, joint);
  double fixedMarginal[kMaximumBins] = {};
  double movingMarginal[kMaximumBins] = {};
  for (int32_t fixed = 0; fixed < bins; ++fixed) {
    for (int32_t moving = 0; moving < bins; ++moving) {
      fixedMarginal[fixed] += joint[int64_t(fixed) * bins + moving];
      movingMarginal[moving] += joint[int64_t(fixed) * bins + moving];
    }
  }

  double logMoving[kMaximumBins];
  Entropies entropy;
  double information = 0;
  for (int32_t moving = 0; moving < bins; ++moving) {
    const double p = movingMarginal[moving];
    logMoving[moving] = p > kEmptyBin ? std::log(p) : 0;
    entropy.moving -= p * logMoving[moving];
  }
  for (int32_t fixed = 0; fixed < bins; ++fixed) {
    const double pFixed = fixedMarginal[fixed];
    if (pFixed <= kEmptyBin) continue;
    const double logFixed = std::log(pFixed);
    entropy.fixed -= pFixed * logFixed;
    for (int32_t moving = 0; moving < bins; ++moving) {
      const double p = joint[int64_t(fixed) * bins + moving];
      if (p <= kEmptyBin || movingMarginal[moving] <= kEmptyBin) continue;
      const double logJoint = std::log(p);
      entropy.joint -= p * logJoint;
      information += p * (logJoint - logMoving[moving] - logFixed);
    }
  }
  const bool mattes = params.measure == VK_MATTES_MI;
  const double sumOfMarginals = entropy.fixed + entropy.moving;
  const double value =
      mattes ? information : (entropy.joint > 0 ? sumOfMarginals / entropy.joint : 0);
  if (slopes == nullptr) return value;

  // d p(f, m) of a voxel sums to zero over m, so every term that does not depend on m cancels: what
  // is left is d value = sum over m of d p(f, m) * ratio(f, m).
  const double jointFactor = mattes              ? 1.0
                             : entropy.joint > 0 ? sumOfMarginals / (entropy.joint * entropy.joint)
                                                 : 0.0;
  const double movingFactor = mattes ? 1.0 : entropy.joint > 0 ? 1.0 / entropy.joint : 0.0;
  int64_t total = 0;
  for (int64_t i = 0; i < parzenCells(bins) * kParzenTaps; ++i) total += taps[i];
  const double counted = double(total) / kParzenScale;
  const double perIntensity =
      counted > 0 ? 1.0 / (intensityBinSize(params.moving_min, params.moving_max, bins) * counted)
                  : 0;
  for (int32_t fixed = 0; fixed < centres; ++fixed) {
    double ratio[kMaximumBins];
    for (int32_t moving = 0; moving < bins; ++moving) {
      const double p = joint[int64_t(fixed + kParzenPadding) * bins + moving];
      const bool counts = p > kEmptyBin && movingMarginal[moving] > kEmptyBin;
      ratio[moving] = counts ? jointFactor * std::log(p) - movingFactor * logMoving[moving] : 0;
    }
    for (int32_t moving = 0; moving < centres; ++moving) {
      const double* r = ratio + moving + kParzenPadding - 1;
      float* slope = slopes + (int64_t(fixed) * centres + moving) * kParzenTaps;
      slope[0] = float(perIntensity * 0.5 * (r[2] - r[0]));
      slope[1] = float(perIntensity * (r[0] - 2 * r[1] + r[2]));
      slope[2] = float(perIntensity * 0.5 * (r[3] - r[0] + 3 * (r[1] - r[2])));
      slope[3] = 0;
    }
  }
  for (int32_t i = 0; i < kParzenTaps; ++i) slopes[parzenCells(bins) * kParzenTaps + i] = 0;
  return value;
}

}  // namespace vk
