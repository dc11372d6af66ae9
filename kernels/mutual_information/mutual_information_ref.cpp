#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "mutual_information/mutual_information.h"

namespace vk {
namespace {

double cubicBSpline(double u) {
  const double a = std::abs(u);
  if (a < 1) return 2.0 / 3 - a * a + a * a * a / 2;
  if (a < 2) return (2 - a) * (2 - a) * (2 - a) / 6;
  return 0;
}

double cubicBSplineSlope(double u) {
  const double a = std::abs(u);
  const double slope = a < 1 ? -2 * a + 1.5 * a * a : a < 2 ? -(2 - a) * (2 - a) / 2 : 0;
  return u < 0 ? -slope : slope;
}

struct Window {
  int32_t fixedBin;
  int32_t movingBin;  // the window covers movingBin - 1 ... movingBin + 2
  double movingTerm;
  bool clamped;
};

class Binning {
 public:
  explicit Binning(const vk_mutual_information_params& params)
      : params_(params),
        fixedSize_((params.fixed_max - params.fixed_min) / (params.bins - 4)),
        movingSize_((params.moving_max - params.moving_min) / (params.bins - 4)) {}

  bool counts(double fixed, double warped) const {
    if (!std::isfinite(fixed) || !std::isfinite(warped)) return false;
    return params_.outside_range == VK_OUTSIDE_RANGE_CLAMPED ||
           (warped >= params_.moving_min && warped <= params_.moving_max);
  }

  Window window(double fixed, double warped) const {
    Window window;
    const double inside = std::clamp(warped, params_.moving_min, params_.moving_max);
    window.clamped = inside != warped;
    window.fixedBin = centre(fixed / fixedSize_ - (params_.fixed_min / fixedSize_ - 2));
    window.movingTerm = inside / movingSize_ - (params_.moving_min / movingSize_ - 2);
    window.movingBin = centre(window.movingTerm);
    return window;
  }

  double movingSize() const { return movingSize_; }

 private:
  int32_t centre(double term) const {
    return static_cast<int32_t>(std::clamp(term, 2.0, double(params_.bins - 3)));
  }

  const vk_mutual_information_params& params_;
  double fixedSize_;
  double movingSize_;
};

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

template <class T>
void mutualInformation(const MutualInformationArgs& args) {
  const int32_t bins = args.params.bins;
  const T* fixed = static_cast<const T*>(args.fixed);
  const T* warped = static_cast<const T*>(args.warped);
  T* gradient = static_cast<T*>(args.gradient);
  const Binning binning(args.params);
  const auto counts = [&](int64_t i) {
    return (args.mask == nullptr || args.mask[i] != 0) && binning.counts(fixed[i], warped[i]);
  };

  std::vector<double> joint(size_t(bins) * size_t(bins), 0.0);
  const auto at = [&](int32_t f, int32_t m) -> double& {
    return joint[size_t(f) * size_t(bins) + size_t(m)];
  };
  int64_t counted = 0;
  for (int64_t i = 0; i < args.count; ++i) {
    if (!counts(i)) continue;
    ++counted;
    const Window w = binning.window(fixed[i], warped[i]);
    for (int32_t m = w.movingBin - 1; m <= w.movingBin + 2; ++m) {
      at(w.fixedBin, m) += cubicBSpline(m - w.movingTerm);
    }
  }
  double sum = 0;
  for (const double p : joint) sum += p;
  for (double& p : joint) p = sum > 0 ? p / sum : 0;

  std::vector<double> fixedMarginal(size_t(bins), 0.0), movingMarginal(size_t(bins), 0.0);
  for (int32_t f = 0; f < bins; ++f) {
    for (int32_t m = 0; m < bins; ++m) {
      fixedMarginal[size_t(f)] += at(f, m);
      movingMarginal[size_t(m)] += at(f, m);
    }
  }
  const auto isTerm = [&](int32_t f, int32_t m) {
    return fixedMarginal[size_t(f)] > kEpsilon && movingMarginal[size_t(m)] > kEpsilon &&
           at(f, m) > kEpsilon;
  };
  double information = 0, fixedEntropy = 0, movingEntropy = 0, jointEntropy = 0;
  for (int32_t b = 0; b < bins; ++b) {
    const double f = fixedMarginal[size_t(b)], m = movingMarginal[size_t(b)];
    if (f > kEpsilon) fixedEntropy -= f * std::log(f);
    if (m > kEpsilon) movingEntropy -= m * std::log(m);
  }
  for (int32_t f = 0; f < bins; ++f) {
    for (int32_t m = 0; m < bins; ++m) {
      if (!isTerm(f, m)) continue;
      const double p = at(f, m);
      information += p * std::log(p / (fixedMarginal[size_t(f)] * movingMarginal[size_t(m)]));
      jointEntropy -= p * std::log(p);
    }
  }
  const bool normalised = args.params.measure == VK_NMI;
  *args.value = counted == 0 ? 0
                : normalised ? (fixedEntropy + movingEntropy) / jointEntropy
                             : information;
  if (args.jointHistogram != nullptr) {
    std::copy(joint.begin(), joint.end(), args.jointHistogram);
  }
  if (gradient == nullptr) return;

  for (int64_t i = 0; i < args.count; ++i) {
    gradient[i] = 0;
    if (!counts(i)) continue;
    const Window w = binning.window(fixed[i], warped[i]);
    if (w.clamped) continue;
    double informationSlope = 0, movingEntropySlope = 0, jointEntropySlope = 0;
    for (int32_t m = w.movingBin - 1; m <= w.movingBin + 2; ++m) {
      if (!isTerm(w.fixedBin, m)) continue;
      const double slope =
          -cubicBSplineSlope(m - w.movingTerm) / (binning.movingSize() * double(counted));
      const double p = at(w.fixedBin, m), pMoving = movingMarginal[size_t(m)];
      informationSlope += slope * std::log(p / (fixedMarginal[size_t(w.fixedBin)] * pMoving));
      movingEntropySlope -= slope * std::log(pMoving);
      jointEntropySlope -= slope * std::log(p);
    }
    gradient[i] =
        T(normalised ? (movingEntropySlope - *args.value * jointEntropySlope) / jointEntropy
                     : informationSlope);
  }
}

}  // namespace

void mutualInformationReference(const MutualInformationArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    mutualInformation<double>(args);
  } else {
    mutualInformation<float>(args);
  }
}

}  // namespace vk
