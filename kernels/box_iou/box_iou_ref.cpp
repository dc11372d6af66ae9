#include <algorithm>
#include <cmath>
#include <limits>

#include "box_iou/box_iou.h"

namespace vk {
namespace {

/** Overlap of two boxes, and the derivative by each of their 4 dimensions coordinates: a's lower
 * corner, a's upper, b's lower, b's upper. */
struct Overlap {
  double value;
  double derivative[12];
};

struct Sided {
  double value;
  /** By the first and by the second argument. */
  double first, second;
};

Sided larger(double x, double y) {
  return {std::max(x, y), x > y ? 1.0 : x == y ? 0.5 : 0.0, y > x ? 1.0 : x == y ? 0.5 : 0.0};
}

Sided smaller(double x, double y) {
  const Sided negated = larger(-x, -y);
  return {-negated.value, negated.first, negated.second};
}

/** A product of extents and its derivative by each. */
struct Volume {
  double value;
  double byExtent[3];
};

Volume volume(const double* extent, int dimensions) {
  Volume result{1, {}};
  for (int axis = 0; axis < dimensions; ++axis) result.value *= std::max(extent[axis], 0.0);
  for (int axis = 0; axis < dimensions; ++axis) {
    double others = extent[axis] > 0 ? 1 : 0;
    for (int other = 0; other < dimensions; ++other) {
      if (other != axis) others *= std::max(extent[other], 0.0);
    }
    result.byExtent[axis] = others;
  }
  return result;
}

bool usable(const double* box, int dimensions) {
  for (int i = 0; i < 2 * dimensions; ++i) {
    if (!(std::fabs(box[i]) <= kLargestBoxCoordinate)) return false;
  }
  return true;
}

Overlap overlapOf(const double* a, const double* b, int n, vk_box_overlap kind) {
  Overlap result{};
  if (!usable(a, n) || !usable(b, n)) {
    result.value = std::numeric_limits<double>::quiet_NaN();
    for (double& derivative : result.derivative) derivative = result.value;
    return result;
  }
  const double *aLow = a, *aHigh = a + n, *bLow = b, *bHigh = b + n;
  double extentA[3] = {}, extentB[3] = {}, common[3] = {}, hull[3] = {};
  Sided low[3], high[3], hullLow[3], hullHigh[3];
  for (int axis = 0; axis < n; ++axis) {
    extentA[axis] = aHigh[axis] - aLow[axis];
    extentB[axis] = bHigh[axis] - bLow[axis];
    low[axis] = larger(aLow[axis], bLow[axis]);
    high[axis] = smaller(aHigh[axis], bHigh[axis]);
    common[axis] = high[axis].value - low[axis].value;
    hullLow[axis] = smaller(aLow[axis], bLow[axis]);
    hullHigh[axis] = larger(aHigh[axis], bHigh[axis]);
    hull[axis] = hullHigh[axis].value - hullLow[axis].value;
  }
  const Volume volumeA = volume(extentA, n), volumeB = volume(extentB, n);
  const Volume intersection = volume(common, n), hullVolume = volume(hull, n);
  const double total = volumeA.value + volumeB.value - intersection.value;

  // Derivatives of the intersection, of the union and of the hull by every coordinate.
  double dIntersection[12] = {}, dUnion[12] = {}, dHull[12] = {};
  for (int axis = 0; axis < n; ++axis) {
    const int al = axis, ah = n + axis, bl = 2 * n + axis, bh = 3 * n + axis;
    dIntersection[al] = -intersection.byExtent[axis] * low[axis].first;
    dIntersection[bl] = -intersection.byExtent[axis] * low[axis].second;
    dIntersection[ah] = intersection.byExtent[axis] * high[axis].first;
    dIntersection[bh] = intersection.byExtent[axis] * high[axis].second;
    dUnion[al] = -volumeA.byExtent[axis] - dIntersection[al];
    dUnion[ah] = volumeA.byExtent[axis] - dIntersection[ah];
    dUnion[bl] = -volumeB.byExtent[axis] - dIntersection[bl];
    dUnion[bh] = volumeB.byExtent[axis] - dIntersection[bh];
    dHull[al] = -hullVolume.byExtent[axis] * hullLow[axis].first;
    dHull[bl] = -hullVolume.byExtent[axis] * hullLow[axis].second;
    dHull[ah] = hullVolume.byExtent[axis] * hullHigh[axis].first;
    dHull[bh] = hullVolume.byExtent[axis] * hullHigh[axis].second;
  }

  if (total > 0) {
    result.value = intersection.value / total;
    for (int i = 0; i < 4 * n; ++i) {
      result.derivative[i] =
          (dIntersection[i] * total - intersection.value * dUnion[i]) / (total * total);
    }
  }
  if (kind == VK_BOX_GIOU && hullVolume.value > 0) {
    const double hullSize = hullVolume.value;
    result.value -= (hullSize - total) / hullSize;
    for (int i = 0; i < 4 * n; ++i) {
      result.derivative[i] += (dUnion[i] * hullSize - total * dHull[i]) / (hullSize * hullSize);
    }
  }
  if (kind == VK_BOX_DIOU) {
    double distance = 0, diagonal = 0;
    for (int axis = 0; axis < n; ++axis) {
      const double between = (aLow[axis] + aHigh[axis] - bLow[axis] - bHigh[axis]) / 2;
      distance += between * between;
      diagonal += std::max(hull[axis], 0.0) * std::max(hull[axis], 0.0);
    }
    if (diagonal > 0) {
      result.value -= distance / diagonal;
      for (int axis = 0; axis < n; ++axis) {
        const double between = (aLow[axis] + aHigh[axis] - bLow[axis] - bHigh[axis]) / 2;
        const double stretch = 2 * std::max(hull[axis], 0.0);
        const double signs[4] = {1, 1, -1, -1};
        const double dDiagonal[4] = {-stretch * hullLow[axis].first, stretch * hullHigh[axis].first,
                                     -stretch * hullLow[axis].second,
                                     stretch * hullHigh[axis].second};
        for (int corner = 0; corner < 4; ++corner) {
          result.derivative[corner * n + axis] -=
              (signs[corner] * between * diagonal - distance * dDiagonal[corner]) /
              (diagonal * diagonal);
        }
      }
    }
  }
  return result;
}

template <class T>
void widen(const Boxes& boxes, int64_t index, double* box) {
  const T* const values = static_cast<const T*>(boxes.data) + index * 2 * boxes.dimensions;
  for (int i = 0; i < 2 * boxes.dimensions; ++i) box[i] = static_cast<double>(values[i]);
}

template <class T>
Overlap between(const Boxes& a, int64_t i, const Boxes& b, int64_t j, vk_box_overlap kind) {
  double first[6], second[6];
  widen<T>(a, i, first);
  widen<T>(b, j, second);
  return overlapOf(first, second, a.dimensions, kind);
}

template <class T>
void pairwise(const BoxIouArgs& args) {
  T* overlap = static_cast<T*>(args.overlap);
  for (int64_t i = 0; i < args.a.count; ++i) {
    for (int64_t j = 0; j < args.b.count; ++j) {
      *overlap++ = static_cast<T>(between<T>(args.a, i, args.b, j, args.kind).value);
    }
  }
}

template <class T>
void paired(const BoxIouArgs& args) {
  T* const overlap = static_cast<T*>(args.overlap);
  for (int64_t i = 0; i < args.a.count; ++i) {
    overlap[i] = static_cast<T>(between<T>(args.a, i, args.b, i, args.kind).value);
  }
}

template <class T>
void gradient(const BoxIouGradientArgs& args) {
  const int n = 2 * args.a.dimensions;
  for (int64_t i = 0; i < args.a.count; ++i) {
    const Overlap overlap = between<T>(args.a, i, args.b, i, args.kind);
    const double scale = static_cast<double>(static_cast<const T*>(args.gradientOverlap)[i]);
    for (int k = 0; k < n; ++k) {
      if (args.gradientA != nullptr) {
        static_cast<T*>(args.gradientA)[i * n + k] = static_cast<T>(scale * overlap.derivative[k]);
      }
      if (args.gradientB != nullptr) {
        static_cast<T*>(args.gradientB)[i * n + k] =
            static_cast<T>(scale * overlap.derivative[n + k]);
      }
    }
  }
}

}  // namespace

void boxIouReference(const BoxIouArgs& args, Context&, const Workspace&) {
  args.a.type == VK_F64 ? pairwise<double>(args) : pairwise<float>(args);
}

void boxIouPairedReference(const BoxIouArgs& args, Context&, const Workspace&) {
  args.a.type == VK_F64 ? paired<double>(args) : paired<float>(args);
}

void boxIouGradientReference(const BoxIouGradientArgs& args, Context&, const Workspace&) {
  args.a.type == VK_F64 ? gradient<double>(args) : gradient<float>(args);
}

}  // namespace vk
