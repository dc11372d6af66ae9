#include "lncc/lncc_statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace vk {

LnccPivots lnccPivots(const LnccArgs& args) {
  const int64_t voxels = args.size[0] * args.size[1] * args.size[2];
  int64_t first = 0;
  while (args.mask != nullptr && first + 1 < voxels && args.mask[first] == 0) ++first;
  const auto finite = [](double value) { return std::isfinite(value) ? value : 0; };
  return {finite(double(static_cast<const float*>(args.fixed)[first])),
          finite(double(static_cast<const float*>(args.warped)[first]))};
}

LnccStatistics lnccStatistics(const LnccLayout& layout, const LnccPivots& pivots) {
  LnccMoments all{};
  for (int64_t chunk = 0; chunk < layout.momentChunks; ++chunk) {
    const LnccMoments& moments = layout.moments[chunk];
    all.counted += moments.counted;
    all.f += moments.f;
    all.ff += moments.ff;
    all.w += moments.w;
    all.ww += moments.ww;
  }
  const auto normalise = [&](double sum, double squares, double pivot, double* scale,
                             double* shift) {
    const double offset = sum / all.counted;
    const double mean = offset + pivot;
    const double variance = squares / all.counted - offset * offset;
    const bool varies = variance > kLnccConstant * (mean * mean + variance);
    *scale = varies ? 1 / std::sqrt(variance) : 0;
    *shift = -mean * *scale;
    return varies;
  };
  LnccStatistics result{};
  result.counted = all.counted;
  result.finite = std::isfinite(all.ff + all.ww);
  if (all.counted == 0 || !result.finite) return result;
  const bool fixedVaries =
      normalise(all.f, all.ff, pivots.fixed, &result.fixedScale, &result.fixedShift);
  const bool warpedVaries =
      normalise(all.w, all.ww, pivots.warped, &result.warpedScale, &result.warpedShift);
  result.correlates = fixedVaries && warpedVaries;
  return result;
}

double lnccReach(const LnccArgs& args, int axis, int64_t position) {
  const int64_t begin = std::max<int64_t>(0, position - args.radius[axis]);
  const int64_t end = std::min(args.size[axis], position + args.radius[axis] + 1);
  return double(end - begin);
}

void lnccWithoutWindows(const LnccArgs& args, const LnccStatistics& statistics) {
  const double value = statistics.finite ? 0 : std::numeric_limits<double>::quiet_NaN();
  *args.value = value;
  if (args.gradient == nullptr) return;
  float* gradient = static_cast<float*>(args.gradient);
  std::fill(gradient, gradient + args.size[0] * args.size[1] * args.size[2], float(value));
}

}  // namespace vk
