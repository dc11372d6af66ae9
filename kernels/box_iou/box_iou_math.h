// The overlap of two boxes as the CUDA kernels have it, and its derivative, shared by the fast
// implementations. Compiled for the baseline instruction set.
#pragma once

#include <cmath>
#include <cstdint>

#include "box_iou/box_iou.h"
#include "core/host_device.h"
#include "voxkern/detection.h"

namespace vk {

/** A box in two dimensions is one in three of extent 1 along z, which multiplies nothing. */
template <class T>
struct BoxSides {
  T low[3];
  T high[3];
  /** NaN where a coordinate is NaN or out of range. */
  T volume;
};

template <class T>
VK_HD BoxSides<T> boxSidesOf(const Boxes& boxes, int64_t index) {
  const int n = boxes.dimensions;
  const T* const values = static_cast<const T*>(boxes.data) + index * 2 * n;
  BoxSides<T> sides{{values[0], values[1], n == 3 ? values[2] : T(0)},
                    {values[n], values[n + 1], n == 3 ? values[5] : T(1)},
                    1};
  bool usable = true;
  for (int axis = 0; axis < 3; ++axis) {
    const T low = sides.low[axis], high = sides.high[axis];
    constexpr T kLargest = T(kLargestBoxCoordinate);
    usable = usable && low >= -kLargest && low <= kLargest && high >= -kLargest && high <= kLargest;
    sides.volume *= high > low ? high - low : T(0);
  }
  if (!usable) sides.volume = T(NAN);
  return sides;
}

template <class T>
VK_HD T largerOf(T a, T b) {
  return a > b ? a : b;
}

template <class T>
VK_HD T smallerOf(T a, T b) {
  return a < b ? a : b;
}

/** The volume that two boxes have in common. */
template <class T>
VK_HD T commonVolume(const BoxSides<T>& a, const BoxSides<T>& b) {
  T common = 1;
  for (int axis = 0; axis < 3; ++axis) {
    const T inner = smallerOf(a.high[axis], b.high[axis]) - largerOf(a.low[axis], b.low[axis]);
    common *= largerOf(inner, T(0));
  }
  return common;
}

/** 0 where there is no volume, NaN where a box's is. */
template <class T>
VK_HD T boxIou(const BoxSides<T>& a, const BoxSides<T>& b) {
  const T common = commonVolume(a, b);
  const T both = a.volume + b.volume - common;
  return both <= 0 ? T(0) : common / both;
}

template <class T>
VK_HD T boxOverlap(const BoxSides<T>& a, const BoxSides<T>& b, int dimensions,
                   vk_box_overlap kind) {
  const T iou = boxIou(a, b);
  if (kind == VK_BOX_IOU) return iou;
  T hull = 1, diagonal = 0, distance = 0;
  for (int axis = 0; axis < 3; ++axis) {
    const T outer =
        largerOf(largerOf(a.high[axis], b.high[axis]) - smallerOf(a.low[axis], b.low[axis]), T(0));
    hull *= outer;
    if (axis >= dimensions) continue;
    // Differences first: coordinates may be large beside the extents.
    const T between = (a.low[axis] - b.low[axis]) + (a.high[axis] - b.high[axis]);
    distance += between * between;
    diagonal += outer * outer;
  }
  if (kind == VK_BOX_DIOU) return diagonal <= 0 ? iou : iou - T(0.25) * distance / diagonal;
  const T both = a.volume + b.volume - commonVolume(a, b);
  return hull <= 0 ? iou : iou - (hull - both) / hull;
}

/** How a unit of the larger of two numbers is shared: half each where they are equal. */
VK_HD inline double shareOfLarger(double x, double y) { return x > y ? 1.0 : x == y ? 0.5 : 0.0; }

/** The product of extents, 0 unless all are positive, and in `without` the product of the others.
 */
VK_HD inline double boxVolume(const double* extent, int dimensions, double* without) {
  double product = 1;
  for (int axis = 0; axis < dimensions; ++axis) {
    product *= extent[axis] > 0 ? extent[axis] : 0.0;
    without[axis] = extent[axis] > 0 ? 1.0 : 0.0;
    for (int other = 0; other < dimensions; ++other) {
      if (other != axis) without[axis] *= extent[other] > 0 ? extent[other] : 0.0;
    }
  }
  return product;
}

/** gradient (4 dimensions: a's lower and upper corner, then b's) = scale d overlap(a, b). The
 * overlap is a function of the intersection, the sum of both volumes, and the hull: first the
 * derivative by these three, then by coordinates. */
VK_HD inline void boxOverlapGradient(const double* a, const double* b, int dimensions,
                                     vk_box_overlap kind, double scale, double* gradient) {
  double sizeA[3] = {}, sizeB[3] = {}, common[3] = {}, hull[3] = {};
  for (int axis = 0; axis < dimensions; ++axis) {
    const double al = a[axis], ah = a[dimensions + axis];
    const double bl = b[axis], bh = b[dimensions + axis];
    sizeA[axis] = ah - al;
    sizeB[axis] = bh - bl;
    common[axis] = (ah < bh ? ah : bh) - (al > bl ? al : bl);
    hull[axis] = (ah > bh ? ah : bh) - (al < bl ? al : bl);
  }
  double withoutA[3] = {}, withoutB[3] = {}, withoutCommon[3] = {}, withoutHull[3] = {};
  const double sum =
      boxVolume(sizeA, dimensions, withoutA) + boxVolume(sizeB, dimensions, withoutB);
  const double intersection = boxVolume(common, dimensions, withoutCommon);
  const double hullVolume = boxVolume(hull, dimensions, withoutHull);
  const double both = sum - intersection;

  double byIntersection = 0, bySum = 0, byHull = 0;
  if (both > 0) {
    byIntersection = sum / (both * both);
    bySum = -intersection / (both * both);
  }
  if (kind == VK_BOX_GIOU && hullVolume > 0) {
    byIntersection -= 1 / hullVolume;
    bySum += 1 / hullVolume;
    byHull = -both / (hullVolume * hullVolume);
  }
  double diagonal = 0, distance = 0;
  for (int axis = 0; axis < dimensions; ++axis) {
    const double between =
        0.5 * ((a[axis] - b[axis]) + (a[dimensions + axis] - b[dimensions + axis]));
    distance += between * between;
    if (hull[axis] > 0) diagonal += hull[axis] * hull[axis];
  }
  const bool apart = kind == VK_BOX_DIOU && diagonal > 0;
  for (int axis = 0; axis < dimensions; ++axis) {
    const double al = a[axis], ah = a[dimensions + axis];
    const double bl = b[axis], bh = b[dimensions + axis];
    const double inner = byIntersection * withoutCommon[axis];
    double outer = byHull * withoutHull[axis];
    double shift = 0;
    if (apart) {
      shift = -0.5 * ((al - bl) + (ah - bh)) / diagonal;
      if (hull[axis] > 0) outer += 2 * hull[axis] * distance / (diagonal * diagonal);
    }
    const double growA = bySum * withoutA[axis], growB = bySum * withoutB[axis];
    gradient[axis] =
        scale * (shift - growA - inner * shareOfLarger(al, bl) - outer * shareOfLarger(bl, al));
    gradient[dimensions + axis] =
        scale * (shift + growA + inner * shareOfLarger(bh, ah) + outer * shareOfLarger(ah, bh));
    gradient[2 * dimensions + axis] =
        scale * (-shift - growB - inner * shareOfLarger(bl, al) - outer * shareOfLarger(al, bl));
    gradient[3 * dimensions + axis] =
        scale * (-shift + growB + inner * shareOfLarger(ah, bh) + outer * shareOfLarger(bh, ah));
  }
}

}  // namespace vk
