#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "lncc/lncc.h"

namespace vk {
namespace {

struct ImageStatistics {
  double mean = 0;
  double variance = 0;
};

struct Window {
  int64_t begin[3];
  int64_t end[3];
};

template <class T>
class Lncc {
 public:
  explicit Lncc(const LnccArgs& args)
      : args_(args),
        fixed_(static_cast<const T*>(args.fixed)),
        warped_(static_cast<const T*>(args.warped)),
        voxels_(args.size[0] * args.size[1] * args.size[2]) {}

  void run() {
    for (int64_t i = 0; i < voxels_; ++i) counted_ += counts(i) ? 1 : 0;
    fixedStatistics_ = statistics(fixed_);
    warpedStatistics_ = statistics(warped_);
    gradient_.assign(static_cast<size_t>(voxels_), 0);
    const double spread = fixedStatistics_.variance * warpedStatistics_.variance;
    double value = 0;
    if (std::isnan(spread)) {
      value = spread;
      std::fill(gradient_.begin(), gradient_.end(), spread);
    } else if (fixedStatistics_.variance > 0 && warpedStatistics_.variance > 0) {
      value = sumOfWindows() / double(counted_);
    }
    *args_.value = value;
    T* output = static_cast<T*>(args_.gradient);
    for (int64_t i = 0; output != nullptr && i < voxels_; ++i) output[i] = T(gradient_[size_t(i)]);
  }

 private:
  bool counts(int64_t i) const { return args_.mask == nullptr || args_.mask[i] != 0; }

  ImageStatistics statistics(const T* image) const {
    ImageStatistics result;
    if (counted_ == 0) return result;
    for (int64_t i = 0; i < voxels_; ++i) {
      if (!counts(i)) continue;
      if (!std::isfinite(double(image[i]))) {
        const double nan = std::numeric_limits<double>::quiet_NaN();
        return {nan, nan};
      }
      result.mean += double(image[i]) / double(counted_);
    }
    for (int64_t i = 0; i < voxels_; ++i) {
      if (!counts(i)) continue;
      const double d = double(image[i]) - result.mean;
      result.variance += d * d / double(counted_);
    }
    const double meanSquare = result.mean * result.mean + result.variance;
    if (!(result.variance > kLnccConstant * meanSquare)) result.variance = 0;
    return result;
  }

  template <class Body>
  void forEach(const Window& window, Body&& body) const {
    for (int64_t z = window.begin[2]; z < window.end[2]; ++z) {
      for (int64_t y = window.begin[1]; y < window.end[1]; ++y) {
        for (int64_t x = window.begin[0]; x < window.end[0]; ++x) {
          const int64_t i = (z * args_.size[1] + y) * args_.size[0] + x;
          if (counts(i)) body(i);
        }
      }
    }
  }

  double sumOfWindows() {
    double sum = 0;
    double byVariance = 0;
    for (int64_t z = 0; z < args_.size[2]; ++z) {
      for (int64_t y = 0; y < args_.size[1]; ++y) {
        for (int64_t x = 0; x < args_.size[0]; ++x) {
          if (!counts((z * args_.size[1] + y) * args_.size[0] + x)) continue;
          const int64_t centre[3] = {x, y, z};
          Window window;
          for (int axis = 0; axis < 3; ++axis) {
            window.begin[axis] = std::max<int64_t>(0, centre[axis] - args_.radius[axis]);
            window.end[axis] = std::min(args_.size[axis], centre[axis] + args_.radius[axis] + 1);
          }
          sum += oneWindow(window, &byVariance);
        }
      }
    }
    // The floor of the warped variance follows the warped image.
    for (int64_t i = 0; i < voxels_; ++i) {
      if (!counts(i)) continue;
      const double dVariance = 2 * (double(warped_[i]) - warpedStatistics_.mean) / double(counted_);
      gradient_[size_t(i)] += byVariance * args_.varianceFloor * dVariance;
      gradient_[size_t(i)] /= double(counted_);
    }
    return sum;
  }

  /** Squared correlation in the window; adds its derivative with respect to the warped voxels, and
   * to the floor of the warped variance. */
  double oneWindow(const Window& window, double* byVariance) {
    double n = 0;
    double fixedMean = 0;
    double warpedMean = 0;
    forEach(window, [&](int64_t i) {
      n += 1;
      fixedMean += double(fixed_[i]);
      warpedMean += double(warped_[i]);
    });
    fixedMean /= n;
    warpedMean /= n;
    double cross = 0;
    double fixedSum = 0;
    double warpedSum = 0;
    forEach(window, [&](int64_t i) {
      const double f = double(fixed_[i]) - fixedMean;
      const double w = double(warped_[i]) - warpedMean;
      cross += f * w;
      fixedSum += f * f;
      warpedSum += w * w;
    });
    fixedSum += n * args_.varianceFloor * fixedStatistics_.variance;
    warpedSum += n * args_.varianceFloor * warpedStatistics_.variance;
    const double squared = cross * cross / (fixedSum * warpedSum);
    *byVariance -= squared * n / warpedSum;
    forEach(window, [&](int64_t i) {
      const double dCross = double(fixed_[i]) - fixedMean;
      const double dWarpedSum = 2 * (double(warped_[i]) - warpedMean);
      gradient_[size_t(i)] +=
          2 * cross * dCross / (fixedSum * warpedSum) - squared * dWarpedSum / warpedSum;
    });
    return squared;
  }

  const LnccArgs& args_;
  const T* fixed_;
  const T* warped_;
  int64_t voxels_;
  int64_t counted_ = 0;
  ImageStatistics fixedStatistics_;
  ImageStatistics warpedStatistics_;
  std::vector<double> gradient_;
};

}  // namespace

void lnccReference(const LnccArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    Lncc<double>(args).run();
  } else {
    Lncc<float>(args).run();
  }
}

}  // namespace vk
