#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "resize/resize.h"

namespace vk {
namespace {

/** Weights by input index; extrapolated where outside. */
struct Taps {
  std::map<int64_t, double> weights;
  bool outside = false;
};

double position(const ResizeArgs& args, int axis, int64_t i) {
  const double in = double(args.inSize[axis]);
  const double out = double(args.outSize[axis]);
  const double scale = args.params.scale[axis] > 0 ? args.params.scale[axis] : out / in;
  const double half = (double(i) + 0.5) / scale - 0.5;
  const double last = args.params.scale[axis] > 0 ? scale * in : out;
  const double begin = args.params.roi_begin[axis];
  const double end = args.params.roi_end[axis];
  switch (args.params.coordinates) {
    case VK_RESIZE_HALF_PIXEL:
      return half;
    case VK_RESIZE_HALF_PIXEL_SYMMETRIC:
      return in / 2 * (1 - out / (scale * in)) + half;
    case VK_RESIZE_PYTORCH_HALF_PIXEL:
      return args.outSize[axis] > 1 ? half : 0;
    case VK_RESIZE_ALIGN_CORNERS:
      return args.outSize[axis] > 1 ? double(i) * (in - 1) / (last - 1) : 0;
    case VK_RESIZE_ASYMMETRIC:
      return double(i) / scale;
    default:
      return args.outSize[axis] > 1
                 ? begin * (in - 1) + double(i) * (end - begin) * (in - 1) / (out - 1)
                 : (begin + end) * (in - 1) / 2;
  }
}

/** Triangle or cubic convolution kernel. */
double kernel(const ResizeArgs& args, double x) {
  x = std::fabs(x);
  if (args.params.mode == VK_SAMPLING_LINEAR) return std::max(0.0, 1 - x);
  const double a = args.params.cubic_coefficient;
  if (x < 1) return (a + 2) * std::pow(x, 3) - (a + 3) * x * x + 1;
  if (x < 2) return a * std::pow(x, 3) - 5 * a * x * x + 8 * a * x - 4 * a;
  return 0;
}

Taps tapsAt(const ResizeArgs& args, int axis, int64_t i) {
  const int64_t in = args.inSize[axis];
  const double p = position(args, axis, i);
  Taps taps;
  if (args.params.coordinates == VK_RESIZE_TF_CROP_AND_RESIZE && (p < 0 || p > double(in - 1))) {
    taps.outside = true;
    return taps;
  }
  if (args.params.mode == VK_SAMPLING_NEAREST) {
    double at = std::floor(p);
    const double rest = p - at;
    if (args.params.nearest == VK_RESIZE_CEIL && rest > 0) at += 1;
    if (args.params.nearest == VK_RESIZE_ROUND_PREFER_CEIL && rest >= 0.5) at += 1;
    if (args.params.nearest == VK_RESIZE_ROUND_PREFER_FLOOR && rest > 0.5) at += 1;
    taps.weights[std::clamp<int64_t>(int64_t(at), 0, in - 1)] = 1;
    return taps;
  }
  const double scale = args.params.scale[axis] > 0 ? args.params.scale[axis]
                                                   : double(args.outSize[axis]) / double(in);
  const double narrow = args.params.antialias != 0 && scale < 1 ? scale : 1;
  const int64_t reach = int64_t(2 / narrow) + 2;
  const int64_t cell = int64_t(std::floor(p));
  std::map<int64_t, double> kept;
  double sum = 0;
  for (const bool excludes : {args.params.exclude_outside != 0, false}) {
    if (sum != 0) break;
    for (int64_t k = cell - reach; k <= cell + reach; ++k) {
      if (excludes && (k < 0 || k >= in)) continue;
      const double weight = kernel(args, (double(k) - p) * narrow);
      kept[std::clamp<int64_t>(k, 0, in - 1)] += weight;
      sum += weight;
    }
  }
  for (const auto& [index, weight] : kept) {
    if (weight != 0) taps.weights[index] = weight / sum;
  }
  return taps;
}

std::vector<Taps> tapsOf(const ResizeArgs& args, int axis) {
  std::vector<Taps> taps;
  for (int64_t i = 0; i < args.outSize[axis]; ++i) taps.push_back(tapsAt(args, axis, i));
  return taps;
}

/** use(output offset, taps of z, y, x) for every voxel of an output plane. */
template <class Use>
void forVoxels(const ResizeArgs& args, Context& context, const Use& use) {
  const std::vector<Taps> tz = tapsOf(args, 0);
  const std::vector<Taps> ty = tapsOf(args, 1);
  const std::vector<Taps> tx = tapsOf(args, 2);
  int64_t i = 0;
  for (const Taps& z : tz) {
    for (const Taps& y : ty) {
      checkCancelled(context);
      for (const Taps& x : tx) use(i++, z, y, x);
    }
  }
}

template <class Use>
void forTaps(const ResizeArgs& args, const Taps& z, const Taps& y, const Taps& x, const Use& use) {
  for (const auto& [iz, wz] : z.weights) {
    for (const auto& [iy, wy] : y.weights) {
      for (const auto& [ix, wx] : x.weights) {
        use((iz * args.inSize[1] + iy) * args.inSize[2] + ix, wz * wy * wx);
      }
    }
  }
}

int64_t volume(const int64_t size[3]) { return size[0] * size[1] * size[2]; }

template <class T>
void forward(const ResizeArgs& args, Context& context) {
  for (int64_t plane = 0; plane < args.planes; ++plane) {
    const T* from = static_cast<const T*>(args.from) + plane * volume(args.inSize);
    T* to = static_cast<T*>(args.to) + plane * volume(args.outSize);
    forVoxels(args, context, [&](int64_t i, const Taps& z, const Taps& y, const Taps& x) {
      double sum = z.outside || y.outside || x.outside ? args.params.extrapolation_value : 0;
      forTaps(args, z, y, x,
              [&](int64_t offset, double weight) { sum += weight * double(from[offset]); });
      to[i] = T(sum);
    });
  }
}

template <class T>
void gradient(const ResizeArgs& args, Context& context) {
  for (int64_t plane = 0; plane < args.planes; ++plane) {
    const T* from = static_cast<const T*>(args.from) + plane * volume(args.outSize);
    T* to = static_cast<T*>(args.to) + plane * volume(args.inSize);
    std::vector<double> sums(size_t(volume(args.inSize)), 0.0);
    forVoxels(args, context, [&](int64_t i, const Taps& z, const Taps& y, const Taps& x) {
      forTaps(args, z, y, x, [&](int64_t offset, double weight) {
        sums[size_t(offset)] += weight * double(from[i]);
      });
    });
    for (size_t i = 0; i < sums.size(); ++i) to[i] = T(sums[i]);
  }
}

}  // namespace

void resizeReference(const ResizeArgs& args, Context& context, const Workspace&) {
  args.type == VK_F64 ? forward<double>(args, context) : forward<float>(args, context);
}

void resizeGradientReference(const ResizeArgs& args, Context& context, const Workspace&) {
  args.type == VK_F64 ? gradient<double>(args, context) : gradient<float>(args, context);
}

}  // namespace vk
