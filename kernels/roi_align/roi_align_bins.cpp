#include "roi_align/roi_align_bins.h"

#include <algorithm>
#include <cmath>

#include "core/carve.h"

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

struct Extent {
  double start;
  double length;
};

template <class T>
Extent extentOf(const RoiAlignArgs& args, int64_t box, int axis) {
  const int64_t dimensions = args.boxValues / 2;
  // One plane, seen by its one sample.
  if (dimensions == 2 && axis == 0) return {-0.5, 1};
  const T* const values = static_cast<const T*>(args.boxes) + box * args.boxValues + (2 - axis);
  const double offset = args.halfPixel ? 0.5 : 0;
  const double start = double(values[0]) * args.scale[axis] - offset;
  const double end = double(values[dimensions]) * args.scale[axis] - offset;
  const double length = end - start;
  return {start, args.halfPixel ? length : std::max(length, 1.0)};
}

RoiSample sampleAt(double position, int64_t size) {
  const double at = std::max(position, 0.0);
  const int64_t low = std::min(int64_t(at), size - 1);
  const int64_t high = std::min(low + 1, size - 1);
  const double weight = low == size - 1 ? 0 : at - double(low);
  return {int32_t(low), int32_t(high), float(1 - weight), float(weight)};
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
    const Extent extent =
        args.type == VK_F64 ? extentOf<double>(args, box, i) : extentOf<float>(args, box, i);
    const double bin = extent.length / double(axis.bins);
    const bool flat = args.boxValues == 4 && i == 0;
    const double grid = flat                     ? 1
                        : args.samplingRatio > 0 ? double(args.samplingRatio)
                                                 : std::ceil(bin);
    const double step = bin / grid;
    bins->sampled = bins->sampled && grid >= 1;
    Range seen{axis.size, 0};
    std::fill_n(axis.weights, axis.bins * axis.size, 0.0f);
    for (int64_t b = 0; b < axis.bins; ++b) {
      const double first = extent.start + double(b) * bin + 0.5 * step;
      // Of a huge box only what is inside is looked at; a sample more at either end is looked at
      // and left out.
      double begin = 0, end = std::max(grid, 0.0);
      if (step > 0) {
        begin = std::clamp(std::floor((-1 - first) / step), 0.0, end);
        end = std::clamp(std::ceil((double(axis.size) - first) / step) + 1, begin, end);
      }
      axis.outside[b] = begin > 0 || end < grid;
      axis.counts[b] = 0;
      int64_t low = axis.size, high = 0;
      for (double k = begin; k < end; ++k) {
        const double position = extent.start + double(b) * bin + (k + 0.5) * step;
        if (!(position >= -1 && position <= double(axis.size))) {
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
