#include <cmath>

#include "ncc/ncc.h"

namespace vk {
namespace {

template <class T>
void ncc(const NccArgs& args) {
  const T* fixed = static_cast<const T*>(args.fixed);
  const T* warped = static_cast<const T*>(args.warped);
  T* gradient = static_cast<T*>(args.gradient);
  const auto counts = [&](int64_t i) {
    return (args.mask == nullptr || args.mask[i] != 0) && std::isfinite(fixed[i]) &&
           std::isfinite(warped[i]);
  };
  double fixedSum = 0, warpedSum = 0;
  int64_t counted = 0;
  for (int64_t i = 0; i < args.count; ++i) {
    if (!counts(i)) continue;
    fixedSum += double(fixed[i]);
    warpedSum += double(warped[i]);
    ++counted;
  }
  const double fixedMean = counted > 0 ? fixedSum / double(counted) : 0;
  const double warpedMean = counted > 0 ? warpedSum / double(counted) : 0;
  double fixedFixed = 0, warpedWarped = 0, fixedWarped = 0;
  for (int64_t i = 0; i < args.count; ++i) {
    if (!counts(i)) continue;
    const double f = double(fixed[i]) - fixedMean, w = double(warped[i]) - warpedMean;
    fixedFixed += f * f;
    warpedWarped += w * w;
    fixedWarped += f * w;
  }
  const double fixedDeviation = counted > 0 ? std::sqrt(fixedFixed / double(counted)) : 0;
  const double warpedDeviation = counted > 0 ? std::sqrt(warpedWarped / double(counted)) : 0;
  const bool constant = !(fixedDeviation > 1e-12 * std::abs(fixedMean)) ||
                        !(warpedDeviation > 1e-12 * std::abs(warpedMean));
  const double norm = std::sqrt(fixedFixed) * std::sqrt(warpedWarped);
  const double value = constant ? 0 : std::fmin(1, std::fmax(-1, fixedWarped / norm));
  *args.value = value;
  if (gradient == nullptr) return;
  for (int64_t i = 0; i < args.count; ++i) {
    const double f = double(fixed[i]) - fixedMean, w = double(warped[i]) - warpedMean;
    gradient[i] = constant || !counts(i) ? T(0) : T(f / norm - value * w / warpedWarped);
  }
}

}  // namespace

void nccReference(const NccArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    ncc<double>(args);
  } else {
    ncc<float>(args);
  }
}

}  // namespace vk
