#include <algorithm>
#include <cmath>

#include "box_coder/box_coder.h"

namespace vk {
namespace {

struct Side {
  double centre;
  double extent;
};

template <class T>
Side sideOf(const void* boxes, int64_t i, int n, int axis) {
  const T* const box = static_cast<const T*>(boxes) + i * 2 * n;
  const double low = double(box[axis]), high = double(box[n + axis]);
  return {(low + high) / 2, high - low};
}

template <class T>
void encode(const BoxCoderArgs& args) {
  const int n = args.dimensions;
  T* const deltas = static_cast<T*>(args.output);
  for (int64_t i = 0; i < args.count; ++i) {
    for (int axis = 0; axis < n; ++axis) {
      const Side box = sideOf<T>(args.input, i, n, axis);
      const Side anchor = sideOf<T>(args.anchors, i, n, axis);
      deltas[i * 2 * n + axis] =
          T(args.weights[axis] * (box.centre - anchor.centre) / anchor.extent);
      deltas[i * 2 * n + n + axis] =
          T(args.weights[3 + axis] * std::log(box.extent / anchor.extent));
    }
  }
}

/** The smaller of the two; NaN stays. */
double limited(double x, double limit) { return x > limit ? limit : x; }

template <class T>
void decode(const BoxCoderArgs& args) {
  const int n = args.dimensions;
  const T* const deltas = static_cast<const T*>(args.input);
  T* const boxes = static_cast<T*>(args.output);
  for (int64_t i = 0; i < args.count; ++i) {
    for (int axis = 0; axis < n; ++axis) {
      const Side anchor = sideOf<T>(args.anchors, i, n, axis);
      const double shift = double(deltas[i * 2 * n + axis]) / args.weights[axis];
      const double scale = limited(double(deltas[i * 2 * n + n + axis]) / args.weights[3 + axis],
                                   args.logScaleLimit);
      const double centre = anchor.centre + shift * anchor.extent;
      const double extent = std::exp(scale) * anchor.extent;
      boxes[i * 2 * n + axis] = T(centre - extent / 2);
      boxes[i * 2 * n + n + axis] = T(centre + extent / 2);
    }
  }
}

template <class T>
void decodeGradient(const BoxCoderArgs& args) {
  const int n = args.dimensions;
  const T* const deltas = static_cast<const T*>(args.input);
  const T* const from = static_cast<const T*>(args.gradientBoxes);
  T* const to = static_cast<T*>(args.output);
  for (int64_t i = 0; i < args.count; ++i) {
    for (int axis = 0; axis < n; ++axis) {
      const int64_t low = i * 2 * n + axis, high = low + n;
      const Side anchor = sideOf<T>(args.anchors, i, n, axis);
      const double scale = double(deltas[high]) / args.weights[3 + axis];
      const double byCentre = double(from[low]) + double(from[high]);
      const double byExtent = (double(from[high]) - double(from[low])) / 2;
      to[low] = T(byCentre * anchor.extent / args.weights[axis]);
      to[high] = scale > args.logScaleLimit
                     ? T(0)
                     : T(byExtent * anchor.extent * std::exp(scale) / args.weights[3 + axis]);
    }
  }
}

template <class T>
void clip(const BoxClipArgs& args) {
  for (int64_t i = 0; i < args.count * 2 * args.dimensions; ++i) {
    const T value = static_cast<const T*>(args.boxes)[i];
    const T most = T(args.extent[i % args.dimensions]);
    static_cast<T*>(args.clipped)[i] =
        std::isnan(value) ? value : std::min(std::max(value, T(0)), most);
  }
}

}  // namespace

void boxEncodeReference(const BoxCoderArgs& args, Context&, const Workspace&) {
  args.type == VK_F64 ? encode<double>(args) : encode<float>(args);
}

void boxDecodeReference(const BoxCoderArgs& args, Context&, const Workspace&) {
  args.type == VK_F64 ? decode<double>(args) : decode<float>(args);
}

void boxDecodeGradientReference(const BoxCoderArgs& args, Context&, const Workspace&) {
  args.type == VK_F64 ? decodeGradient<double>(args) : decodeGradient<float>(args);
}

void boxClipReference(const BoxClipArgs& args, Context&, const Workspace&) {
  args.type == VK_F64 ? clip<double>(args) : clip<float>(args);
}

}  // namespace vk
