// Where an output voxel lies along an axis, and which input voxels it weighs, by how much: shared
// by the fast kernels.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/host_device.h"
#include "resize/resize.h"

namespace vk {

VK_HD inline double resizeClamp(double v, double low, double high) {
  return v < low ? low : v > high ? high : v;
}

VK_HD inline double resizeScale(const ResizeArgs& args, int axis) {
  const double given = args.params.scale[axis];
  return given > 0 ? given : double(args.outSize[axis]) / double(args.inSize[axis]);
}

/** Where output voxel i lies in the input. */
VK_HD inline double resizePosition(const ResizeArgs& args, int axis, int64_t i) {
  const double s = resizeScale(args, axis);
  const double in = double(args.inSize[axis]);
  const double out = double(args.outSize[axis]);
  const double x = double(i);
  switch (args.params.coordinates) {
    case VK_RESIZE_HALF_PIXEL:
      return (x + 0.5) / s - 0.5;
    case VK_RESIZE_HALF_PIXEL_SYMMETRIC:
      return 0.5 * in * (1 - out / (s * in)) + (x + 0.5) / s - 0.5;
    case VK_RESIZE_PYTORCH_HALF_PIXEL:
      return out > 1 ? (x + 0.5) / s - 0.5 : 0;
    case VK_RESIZE_ALIGN_CORNERS:
      // Not s in where s comes from the sizes: the last voxel is the last corner then, to the bit.
      return out > 1 ? x * (in - 1) / ((args.params.scale[axis] > 0 ? s * in : out) - 1) : 0;
    case VK_RESIZE_ASYMMETRIC:
      return x / s;
    case VK_RESIZE_TF_CROP_AND_RESIZE:
      break;
  }
  const double first = args.params.roi_begin[axis];
  const double last = args.params.roi_end[axis];
  if (out <= 1) return 0.5 * (first + last) * (in - 1);
  return first * (in - 1) + x * (last - first) * (in - 1) / (out - 1);
}

VK_HD inline double resizeNearest(vk_resize_nearest nearest, double p) {
  switch (nearest) {
    case VK_RESIZE_ROUND_PREFER_FLOOR:
      return ceil(p - 0.5);
    case VK_RESIZE_ROUND_PREFER_CEIL:
      return floor(p + 0.5);
    case VK_RESIZE_FLOOR:
      return floor(p);
    case VK_RESIZE_CEIL:
      break;
  }
  return ceil(p);
}

VK_HD inline double resizeFilter(const ResizeArgs& args, double distance) {
  const double d = fabs(distance);
  if (args.params.mode == VK_SAMPLING_LINEAR) return d < 1 ? 1 - d : 0;
  const double a = args.params.cubic_coefficient;
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

/** How much a tap's distance shrinks in the filter: below 1 the filter is wider. */
VK_HD inline double resizeShrink(const ResizeArgs& args, int axis) {
  const double scale = resizeScale(args, axis);
  return args.params.antialias != 0 && scale < 1 ? scale : 1.0;
}

/** Voxels to either side of the position that the filter reaches. */
VK_HD inline int64_t resizeReach(const ResizeArgs& args, int axis) {
  const double support = args.params.mode == VK_SAMPLING_LINEAR ? 1 : 2;
  return int64_t(ceil(support / resizeShrink(args, axis)));
}

/** The taps of one output voxel along an axis: input voxels `first` to `last`, to whose edges those
 * of the filter beyond them add, unless they are left out. */
struct ResizeSpan {
  double position;
  double shrink;
  /** Of the weights, which are divided by it; 0 where there is one tap of weight 1. */
  double sum;
  int64_t begin;
  int64_t end;
  int64_t first;
  int64_t last;
  bool excludes;
  /** Extrapolated: there are no taps. */
  bool outside;
};

VK_HD inline ResizeSpan resizeSpan(const ResizeArgs& args, int axis, int64_t i) {
  const int64_t last = args.inSize[axis] - 1;
  ResizeSpan span{};
  double p = resizePosition(args, axis, i);
  span.position = p;
  span.outside =
      args.params.coordinates == VK_RESIZE_TF_CROP_AND_RESIZE && !(p >= 0 && p <= double(last));
  if (span.outside) return span;
  if (args.params.mode == VK_SAMPLING_NEAREST) {
    span.first = int64_t(resizeClamp(resizeNearest(args.params.nearest, p), 0.0, double(last)));
    span.last = span.first;
    return span;
  }
  span.shrink = resizeShrink(args, axis);
  const int64_t reach = resizeReach(args, axis);
  // Further out all taps are the edge.
  p = resizeClamp(p, -double(reach) - 2, double(last + reach) + 2);
  span.position = p;
  const int64_t cell = int64_t(floor(p));
  span.begin = cell - reach + 1;
  span.end = cell + reach;
  const bool none = span.end < 0 || span.begin > last;
  span.excludes = args.params.exclude_outside != 0 && !none;
  for (int64_t k = span.begin; k <= span.end; ++k) {
    if (span.excludes && (k < 0 || k > last)) continue;
    span.sum += resizeFilter(args, (double(k) - p) * span.shrink);
  }
  span.first = span.begin < 0 ? 0 : span.begin > last ? last : span.begin;
  span.last = span.end < 0 ? 0 : span.end > last ? last : span.end;
  return span;
}

/** Weight of the tap at input voxel `at`, in [first, last]. */
VK_HD inline double resizeShare(const ResizeArgs& args, const ResizeSpan& span, int64_t at) {
  if (args.params.mode == VK_SAMPLING_NEAREST) return 1;
  const int64_t from = at == span.first && !span.excludes ? span.begin : at;
  const int64_t to = at == span.last && !span.excludes ? span.end : at;
  double total = 0;
  for (int64_t k = from; k <= to; ++k) {
    total += resizeFilter(args, (double(k) - span.position) * span.shrink);
  }
  return total / span.sum;
}

}  // namespace vk
