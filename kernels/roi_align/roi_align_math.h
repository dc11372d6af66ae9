// The samples of a box along one axis, shared by the CPU and CUDA. Compiled for the baseline
// instruction set. Positions are f64.
#pragma once

#include <cmath>

#include "core/host_device.h"
#include "roi_align/roi_align.h"

namespace vk {

/** A box along an axis; of the `grid` samples of each bin the k-th lies at position(bin, k). */
struct RoiSide {
  double start;
  double bin;
  double grid;
  double step;
  int64_t size;

  VK_HD double position(int64_t b, double k) const {
    return start + double(b) * bin + (k + 0.5) * step;
  }
  VK_HD bool isInside(double position) const { return position >= -1 && position <= double(size); }
};

template <class T>
VK_HD RoiSide roiSideOf(const RoiAlignArgs& args, int64_t box, int axis) {
  const int64_t dimensions = args.boxValues / 2;
  // One plane, seen by its one sample.
  if (dimensions == 2 && axis == 0) return {-0.5, 1, 1, 1, args.inSize[axis]};
  const T* const values = static_cast<const T*>(args.boxes) + box * args.boxValues + (2 - axis);
  const double offset = args.halfPixel ? 0.5 : 0;
  const double start = double(values[0]) * args.scale[axis] - offset;
  const double end = double(values[dimensions]) * args.scale[axis] - offset;
  const double extent = end - start;
  const double length = args.halfPixel || extent > 1 ? extent : 1.0;
  const double bin = length / double(args.outSize[axis]);
  const double grid = args.samplingRatio > 0 ? double(args.samplingRatio) : ceil(bin);
  return {start, bin, grid, bin / grid, args.inSize[axis]};
}

/** Numbers [begin, end) of a bin's samples. */
struct RoiNumbers {
  double begin;
  double end;
};

/** Those that may lie in [low, high], and perhaps one more at either end: of a huge box only these
 * are looked at. */
VK_HD inline RoiNumbers roiNumbersWithin(const RoiSide& side, int64_t b, double low, double high) {
  const double all = side.grid > 0 ? side.grid : 0;
  // Beyond all numbers there is no sample that lies somewhere.
  if (!(fabs(side.step) <= 1e300)) return {0, 0};
  if (side.step == 0) return {0, all};
  const double first = side.position(b, 0);
  double begin = floor(((side.step > 0 ? low : high) - first) / side.step);
  double end = ceil(((side.step > 0 ? high : low) - first) / side.step) + 1;
  begin = begin > 0 ? begin < all ? begin : all : 0;
  end = end > begin ? end < all ? end : all : begin;
  // Beyond this numbers do not differ by 1, nor positions.
  return end < 0x1p52 ? RoiNumbers{begin, end} : RoiNumbers{0, 0};
}

/** Between which voxels a sample lies, and the weight of the higher one. */
struct RoiVoxels {
  int64_t low;
  int64_t high;
  double weight;
};

/** Of a position inside. */
VK_HD inline RoiVoxels roiVoxelsAt(double position, int64_t size) {
  const double at = position > 0 ? position : 0;
  const int64_t last = size - 1;
  const int64_t low = int64_t(at) < last ? int64_t(at) : last;
  return {low, low < last ? low + 1 : last, low == last ? 0 : at - double(low)};
}

}  // namespace vk
