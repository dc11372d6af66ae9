// Of the whole images: what intensities are normalised by. Independent of the instruction set.
#pragma once

#include "lncc/lncc_layout.h"

namespace vk {

/** intensity * scale + shift has zero mean and unit variance over the counted voxels. */
struct LnccStatistics {
  double counted;
  double fixedScale;
  double fixedShift;
  double warpedScale;
  double warpedShift;
  /** False when nothing counts, an image is constant or a counted voxel is not finite. */
  bool correlates;
  bool finite;
};

/** An intensity of each image, for sums relative to it to be small. */
struct LnccPivots {
  double fixed;
  double warped;
};

LnccPivots lnccPivots(const LnccArgs& args);
LnccStatistics lnccStatistics(const LnccLayout& layout, const LnccPivots& pivots);

/** Voxels within the radius of this position along an axis, inside the image. */
double lnccReach(const LnccArgs& args, int axis, int64_t position);

/** Value and gradient where there is no correlation to measure: 0, or NaN. */
void lnccWithoutWindows(const LnccArgs& args, const LnccStatistics& statistics);

}  // namespace vk
