// What the sums over a chunk of voxels become. Shared by the fast kernels.
#pragma once

#include <cmath>

#include "core/host_device.h"
#include "statistics/statistics.h"

namespace vk {

/** Sums of value^a * position^b over counted, finite voxels. Positions are the grid's own, which
 * f64 holds exactly; the value is shifted so that a large common offset loses nothing. */
struct MomentSums {
  double weight;
  double first[3];   // x, y, z
  double second[6];  // xx, xy, xz, yy, yz, zz
};

struct StatisticsPartial {
  int64_t counted;
  int64_t nans;
  int64_t infinities;
  double least;
  double greatest;
  /** Of the value less the shift. */
  double sum;
  double sumOfSquares;
  /** Weighted by the value less the shift, or by max(0, value - floor) when a floor is given. */
  MomentSums weighted;
  /** Weighted by 1. */
  MomentSums plain;
};

VK_HD inline void addMoments(MomentSums& to, const MomentSums& from) {
  to.weight += from.weight;
  for (int k = 0; k < 3; ++k) to.first[k] += from.first[k];
  for (int k = 0; k < 6; ++k) to.second[k] += from.second[k];
}

VK_HD inline void addPartial(StatisticsPartial& to, const StatisticsPartial& from) {
  to.counted += from.counted;
  to.nans += from.nans;
  to.infinities += from.infinities;
  to.least = from.least < to.least ? from.least : to.least;
  to.greatest = from.greatest > to.greatest ? from.greatest : to.greatest;
  to.sum += from.sum;
  to.sumOfSquares += from.sumOfSquares;
  addMoments(to.weighted, from.weighted);
  addMoments(to.plain, from.plain);
}

/** `shift` is what the kernel took off every value; `floorGiven` says which weights it used. */
VK_HD inline void finishStatistics(const StatisticsPartial& all, double shift, bool floorGiven,
                                   vk_statistics_values* values) {
  const double nan = double(NAN);
  values->count = all.counted;
  values->nan_count = all.nans;
  values->infinite_count = all.infinities;
  values->weight = 0;
  for (int k = 0; k < 3; ++k) values->center[k] = nan;
  for (int k = 0; k < 6; ++k) values->second_moment[k] = nan;
  if (all.counted == 0) {
    values->minimum = values->maximum = values->mean = values->variance = nan;
    return;
  }
  const double count = double(all.counted);
  const double shiftedMean = all.sum / count;
  values->minimum = all.least;
  values->maximum = all.greatest;
  values->mean = shift + shiftedMean;
  const double variance = all.sumOfSquares / count - shiftedMean * shiftedMean;
  values->variance = all.least == all.greatest || variance < 0 ? 0 : variance;
  MomentSums m = all.weighted;
  if (!floorGiven) {
    // The weight is value - least = (value - shift) - (least - shift).
    const double drop = all.least - shift;
    m.weight -= drop * all.plain.weight;
    for (int k = 0; k < 3; ++k) m.first[k] -= drop * all.plain.first[k];
    for (int k = 0; k < 6; ++k) m.second[k] -= drop * all.plain.second[k];
    if (all.least == all.greatest) m.weight = 0;
  }
  values->weight = m.weight;
  if (!(m.weight > 0)) return;
  double c[3];
  for (int k = 0; k < 3; ++k) values->center[k] = c[k] = m.first[k] / m.weight;
  const int rows[6] = {0, 0, 0, 1, 1, 2};
  const int columns[6] = {0, 1, 2, 1, 2, 2};
  for (int k = 0; k < 6; ++k) {
    values->second_moment[k] = m.second[k] / m.weight - c[rows[k]] * c[columns[k]];
  }
}

}  // namespace vk
