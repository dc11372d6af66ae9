#include <algorithm>
#include <cmath>
#include <vector>

#include "grid_sample/grid_sample.h"

namespace vk {
namespace {

struct Tap {
  int64_t index;
  double weight;
  double slope;
};

struct Folded {
  double at;
  double slope;
};

/** Unlike the kernel walks back and forth between the mirrors, after whole periods are taken off.
 */
Folded reflect(double p, double low, double high) {
  const double period = 2 * (high - low);
  if (period == 0) return {0, 0};
  double at = std::fmod(p - low, period);
  if (at < 0) at += period;
  return at <= high - low ? Folded{low + at, 1} : Folded{low + period - at, -1};
}

Folded fold(const GridSampleArgs& args, double p, int64_t size) {
  const double last = double(size - 1);
  Folded folded = {p, 1};
  if (args.padding == VK_SAMPLING_ZEROS) return folded;
  if (args.padding == VK_SAMPLING_REFLECTION) {
    folded = args.alignCorners ? reflect(p, 0, last) : reflect(p, -0.5, last + 0.5);
  }
  if (std::isnan(folded.at)) return {0, 0};
  if (folded.at <= 0 || folded.at >= last) folded.slope = 0;
  folded.at = std::clamp(folded.at, 0.0, last);
  return folded;
}

double keys(double distance) {
  const double a = -0.75;
  const double d = std::fabs(distance);
  if (d <= 1) return (a + 2) * d * d * d - (a + 3) * d * d + 1;
  return d < 2 ? a * d * d * d - 5 * a * d * d + 8 * a * d - 4 * a : 0;
}

double keysSlope(double distance) {
  const double a = -0.75;
  const double d = std::fabs(distance);
  const double sign = distance < 0 ? -1 : 1;
  if (d <= 1) return sign * (3 * (a + 2) * d * d - 2 * (a + 3) * d);
  return d < 2 ? sign * (3 * a * d * d - 10 * a * d + 8 * a) : 0;
}

/** Taps on one axis; the slopes are by the grid's coordinate. */
std::vector<Tap> tapsOf(const GridSampleArgs& args, double coordinate, int64_t size) {
  const double perUnit = args.alignCorners ? double(size - 1) / 2 : double(size) / 2;
  double p = args.alignCorners ? (coordinate + 1) / 2 * double(size - 1)
                               : ((coordinate + 1) * double(size) - 1) / 2;
  std::vector<Tap> taps;
  if (args.mode == VK_SAMPLING_CUBIC) {
    if (!std::isfinite(p)) {
      if (args.padding == VK_SAMPLING_ZEROS) return taps;
      const bool right = args.padding == VK_SAMPLING_BORDER && p > 0;
      return {{right ? size - 1 : 0, 1, 0}};
    }
    const double cell = std::floor(p);
    for (double at = cell - 1; at <= cell + 2; ++at) {
      double index = at;
      if (args.padding != VK_SAMPLING_ZEROS) index = std::floor(fold(args, at, size).at);
      if (index < 0 || index > double(size - 1)) continue;
      taps.push_back({int64_t(index), keys(p - at), keysSlope(p - at) * perUnit});
    }
    return taps;
  }
  const Folded folded = fold(args, p, size);
  if (!(folded.at > -1 && folded.at < double(size))) return taps;
  const bool nearest = args.mode == VK_SAMPLING_NEAREST;
  const double cell = nearest ? std::nearbyint(folded.at) : std::floor(folded.at);
  for (int k = 0; k < (nearest ? 1 : 2); ++k) {
    const double index = cell + k;
    if (index < 0 || index > double(size - 1)) continue;
    const double weight = nearest ? 1 : 1 - std::fabs(folded.at - index);
    const double slope = nearest ? 0 : (k == 0 ? -1 : 1) * folded.slope * perUnit;
    taps.push_back({int64_t(index), weight, slope});
  }
  return taps;
}

/** use(offset, weight, slopes by x, y, z) for every tap of a position. */
template <class T, class Use>
void forTaps(const GridSampleArgs& args, int64_t item, int64_t position, const Use& use) {
  const T* at = static_cast<const T*>(args.grid) + (item * args.positions() + position) * args.axes;
  std::vector<Tap> taps[3];
  for (int r = 0; r < 3; ++r) {
    taps[r] =
        r < args.axes ? tapsOf(args, double(at[r]), args.size[r]) : std::vector<Tap>{{0, 1, 0}};
  }
  for (const Tap& z : taps[2]) {
    for (const Tap& y : taps[1]) {
      for (const Tap& x : taps[0]) {
        const double slopes[3] = {x.slope * y.weight * z.weight, x.weight * y.slope * z.weight,
                                  x.weight * y.weight * z.slope};
        use((z.index * args.size[1] + y.index) * args.size[0] + x.index,
            x.weight * y.weight * z.weight, slopes);
      }
    }
  }
}

template <class T>
void forward(const GridSampleArgs& args, Context& context) {
  for (int64_t item = 0; item < args.batch; ++item) {
    for (int64_t i = 0; i < args.positions(); ++i) {
      checkCancelled(context);
      for (int64_t channel = 0; channel < args.channels; ++channel) {
        const int64_t plane = item * args.channels + channel;
        const T* input = static_cast<const T*>(args.input) + plane * args.volume();
        double sum = 0;
        forTaps<T>(args, item, i, [&](int64_t offset, double weight, const double*) {
          if (weight != 0) sum += weight * double(input[offset]);
        });
        static_cast<T*>(args.output)[plane * args.positions() + i] = T(sum);
      }
    }
  }
}

template <class T>
void gradientInput(const GridSampleArgs& args, Context& context) {
  for (int64_t plane = 0; plane < args.batch * args.channels; ++plane) {
    std::vector<double> sums(size_t(args.volume()), 0.0);
    const T* upstream = static_cast<const T*>(args.upstream) + plane * args.positions();
    for (int64_t i = 0; i < args.positions(); ++i) {
      checkCancelled(context);
      forTaps<T>(args, plane / args.channels, i, [&](int64_t offset, double weight, const double*) {
        if (weight != 0) sums[size_t(offset)] += weight * double(upstream[i]);
      });
    }
    T* gradient = static_cast<T*>(args.gradient) + plane * args.volume();
    for (size_t i = 0; i < sums.size(); ++i) gradient[i] = T(sums[i]);
  }
}

template <class T>
void gradientGrid(const GridSampleArgs& args, Context& context) {
  for (int64_t item = 0; item < args.batch; ++item) {
    for (int64_t i = 0; i < args.positions(); ++i) {
      checkCancelled(context);
      double sum[3] = {0, 0, 0};
      for (int64_t channel = 0; channel < args.channels; ++channel) {
        const int64_t plane = item * args.channels + channel;
        const T* input = static_cast<const T*>(args.input) + plane * args.volume();
        const double g = double(static_cast<const T*>(args.upstream)[plane * args.positions() + i]);
        forTaps<T>(args, item, i, [&](int64_t offset, double, const double* slopes) {
          for (int r = 0; r < 3; ++r) sum[r] += g * slopes[r] * double(input[offset]);
        });
      }
      T* gradient = static_cast<T*>(args.gradient) + (item * args.positions() + i) * args.axes;
      for (int r = 0; r < args.axes; ++r) gradient[r] = T(sum[r]);
    }
  }
}

}  // namespace

void gridSampleReference(const GridSampleArgs& args, Context& context, const Workspace&) {
  args.type == VK_F64 ? forward<double>(args, context) : forward<float>(args, context);
}

void gridSampleGradientInputReference(const GridSampleArgs& args, Context& context,
                                      const Workspace&) {
  args.type == VK_F64 ? gradientInput<double>(args, context) : gradientInput<float>(args, context);
}

void gridSampleGradientGridReference(const GridSampleArgs& args, Context& context,
                                     const Workspace&) {
  args.type == VK_F64 ? gradientGrid<double>(args, context) : gradientGrid<float>(args, context);
}

void gridSampleGradientsReference(const GridSampleArgs& args, Context& context,
                                  const Workspace& workspace) {
  gridSampleGradientInputReference(args, context, workspace);
  GridSampleArgs grid = args;
  grid.gradient = args.gradientGrid;
  gridSampleGradientGridReference(grid, context, workspace);
}

}  // namespace vk
