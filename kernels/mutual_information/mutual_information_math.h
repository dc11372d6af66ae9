// What every fast backend shares: how an intensity finds its bin, and the polynomials of the cubic
// B-spline Parzen window.
//
// A counted voxel belongs to one cell: its fixed bin and the bin that the moving window is centred
// on, both in [2, bins - 3]. A cell has four taps, the sums of the four window weights that its
// voxels give to the moving bins centre - 1 ... centre + 2, as integers in units of
// 1 / kParzenScale. Integer sums do not depend on the order, and the four weights of a voxel sum to
// exactly kParzenScale, so that counts and the fixed marginal are exact.
#pragma once

#include <cstdint>

#include "core/host_device.h"
#include "voxkern/registration.h"

namespace vk {

constexpr int32_t kParzenPadding = 2;
constexpr int32_t kParzenTaps = 4;
constexpr int32_t kParzenScale = 1 << 23;  // the largest weight, 2/3, is then an f32 integer
constexpr int32_t kMinimumBins = 5;
constexpr int32_t kMaximumBins = 256;

// A probability this small says no more than that the bin is empty; ITK skips it too.
constexpr double kEmptyBin = 2.220446049250313e-16;

VK_HD inline int32_t centreBins(int32_t bins) { return bins - 2 * kParzenPadding; }
VK_HD inline int64_t parzenCells(int32_t bins) {
  return int64_t(centreBins(bins)) * centreBins(bins);
}
inline double intensityBinSize(double minimum, double maximum, int32_t bins) {
  return (maximum - minimum) / centreBins(bins);
}

/** Whether bins of f32 intensities can be computed in f32. */
inline bool rangesFitFloat(const vk_mutual_information_params& params) {
  constexpr double kLargest = 1e30;
  const auto fits = [](double minimum, double maximum) {
    return minimum > -kLargest && maximum < kLargest && maximum - minimum > 1 / kLargest;
  };
  return fits(params.fixed_min, params.fixed_max) && fits(params.moving_min, params.moving_max);
}

/** One intensity axis of the joint histogram for f32 images. The continuous bin of an intensity v,
 * counted from the first centre bin, is (v - origin) * scale + offset. */
struct IntensityAxis {
  float origin;
  float scale;
  float offset;
};

IntensityAxis intensityAxis(double minimum, double maximum, int32_t bins);

/** upperEdges[b] is the least f32 intensity whose fixed bin, computed in f64, is above centre bin
 * b; +infinity for the last. */
void fixedUpperEdges(double minimum, double maximum, int32_t bins, float* upperEdges);

/** The measure of the taps (all zero: no voxel counted), and what follows from it.
 * @param joint (bins, bins), written
 * @param slopes null, or four a cell and four zeros for voxels of no cell, written: with s in [0,
 * 1] the position of a voxel between its centre bin and the next, dMeasure/dwarped = slopes[0] +
 * slopes[1] s + slopes[2] s^2 */
double measureOfTaps(const vk_mutual_information_params& params, const int64_t* taps, double* joint,
                     float* slopes);

}  // namespace vk
