#include "roi_align/roi_align_bins.h"

#include <algorithm>

#include "core/carve.h"
#include "roi_align/roi_align_math.h"

namespace vk {
namespace {

/** A bin's samples inside are at most half a voxel apart, unless their number is given. */
int64_t mostSamples(const RoiAlignArgs& args, int axis) {
  return args.samplingRatio > 0 ? args.samplingRatio : 2 * args.inSize[axis] + 6;
}

RoiBins carve(const RoiAlignArgs& args, Carver& carver) {
  RoiBins bins{};
  for (int i = 0; i < 3; ++i) {
    RoiAxis& axis = bins.axes[i];
    axis.bins = args.outSize[i];
    axis.size = args.inSize[i];
    axis.mostSamples = mostSamples(args, i);
    axis.samples = carver.take<RoiSample>(axis.bins * axis.mostSamples);
    axis.counts = carver.take<int32_t>(axis.bins);
    axis.outside = carver.take<int32_t>(axis.bins);
    axis.weights = carver.take<float>(axis.bins * axis.size);
    axis.begin = carver.take<int32_t>(axis.bins);
    axis.end = carver.take<int32_t>(axis.bins);
  }
  return bins;
}

RoiSample sampleAt(double position, int64_t size) {
  const RoiVoxels voxels = roiVoxelsAt(position, size);
  return {int32_t(voxels.low), int32_t(voxels.high), float(1 - voxels.weight),
          float(voxels.weight)};
}

}  // namespace

int64_t roiBinsBytes(const RoiAlignArgs& args) {
  Carver carver(nullptr);
  carve(args, carver);
  return carver.bytes();
}

RoiBins roiBinsAt(const RoiAlignArgs& args, void* memory) {
  Carver carver(memory);
  return carve(args, carver);
}

void fillRoiBins(const RoiAlignArgs& args, int64_t box, RoiBins* bins) {
  bins->sampled = true;
  for (int i = 0; i < 3; ++i) {
    RoiAxis& axis = bins->axes[i];
    const RoiSide side =
        args.type == VK_F64 ? roiSideOf<double>(args, box, i) : roiSideOf<float>(args, box, i);
    const double grid = side.grid;
    bins->sampled = bins->sampled && grid >= 1;
    Range seen{axis.size, 0};
    std::fill_n(axis.weights, axis.bins * axis.size, 0.0f);
    for (int64_t b = 0; b < axis.bins; ++b) {
      const auto [begin, end] = roiNumbersWithin(side, b, -1, double(axis.size));
      axis.outside[b] = begin > 0 || end < grid;
      axis.counts[b] = 0;
      int64_t low = axis.size, high = 0;
      for (double k = begin; k < end; ++k) {
        const double position = side.position(b, k);
        if (!side.isInside(position)) {
          axis.outside[b] = 1;
          continue;
        }
        const RoiSample sample = sampleAt(position, axis.size);
        axis.samples[b * axis.mostSamples + axis.counts[b]++] = sample;
        float* const weights = axis.weights + b * axis.size;
        weights[sample.low] += float(double(sample.lowWeight) / grid);
        weights[sample.high] += float(double(sample.highWeight) / grid);
        low = std::min<int64_t>(low, sample.low);
        high = std::max<int64_t>(high, sample.high + 1);
      }
      axis.begin[b] = int32_t(std::min(low, high));
      axis.end[b] = int32_t(high);
      seen = {std::min(seen.begin, low), std::max(seen.end, high)};
    }
    bins->seen[i] = seen.begin < seen.end ? seen : Range{0, 0};
  }
}

int64_t roiScratchBytes(const RoiAlignArgs& args) {
  Carver carver(nullptr);
  carve(args, carver);
  carver.take<float>(args.inSize[1] * args.inSize[2]);
  carver.take<float>(args.inSize[2]);
  return carver.bytes();
}

}  // namespace vk
