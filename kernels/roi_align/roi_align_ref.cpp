#include <algorithm>
#include <cmath>
#include <vector>

#include "roi_align/roi_align.h"

namespace vk {
namespace {

struct Corner {
  int64_t voxel;
  double weight;
};

/** What one box has along an axis. */
struct Side {
  double start;
  double bin;
  double samples;
};

template <class T>
Side sideOf(const RoiAlignArgs& args, int64_t box, int axis) {
  if (args.boxValues == 4 && axis == 0) return {-0.5, 1, 1};
  const T* const b = static_cast<const T*>(args.boxes) + box * args.boxValues;
  const int64_t first = 2 - axis;
  const double shift = args.halfPixel ? 0.5 : 0;
  const double start = double(b[first]) * args.scale[axis] - shift;
  double length = double(b[first + args.boxValues / 2]) * args.scale[axis] - shift - start;
  if (!args.halfPixel) length = std::max(length, 1.0);
  const double bin = length / double(args.outSize[axis]);
  return {start, bin, args.samplingRatio > 0 ? double(args.samplingRatio) : std::ceil(bin)};
}

/** The eight voxels about a position; none where it lies outside. */
std::vector<Corner> corners(const RoiAlignArgs& args, const double (&position)[3]) {
  int64_t low[3], high[3];
  double fraction[3];
  for (int axis = 0; axis < 3; ++axis) {
    const int64_t size = args.inSize[axis];
    if (position[axis] < -1 || position[axis] > double(size)) return {};
    const double at = std::clamp(position[axis], 0.0, double(size - 1));
    low[axis] = int64_t(std::floor(at));
    high[axis] = std::min(low[axis] + 1, size - 1);
    fraction[axis] = at - double(low[axis]);
  }
  std::vector<Corner> result;
  for (int corner = 0; corner < 8; ++corner) {
    int64_t voxel = 0;
    double weight = 1;
    for (int axis = 0; axis < 3; ++axis) {
      const bool upper = (corner >> (2 - axis) & 1) != 0;
      voxel = voxel * args.inSize[axis] + (upper ? high[axis] : low[axis]);
      weight *= upper ? fraction[axis] : 1 - fraction[axis];
    }
    result.push_back({voxel, weight});
  }
  return result;
}

/** body(number of the output, volume of the input, the corners of each sample of its bin); an
 * outside sample has none. */
template <class T, class Body>
void eachOutput(const RoiAlignArgs& args, const Body& body) {
  int64_t output = 0;
  int64_t at[3];
  for (int64_t box = 0; box < args.boxCount; ++box) {
    const Side sides[] = {sideOf<T>(args, box, 0), sideOf<T>(args, box, 1),
                          sideOf<T>(args, box, 2)};
    for (int64_t channel = 0; channel < args.channels; ++channel) {
      for (at[0] = 0; at[0] < args.outSize[0]; ++at[0]) {
        for (at[1] = 0; at[1] < args.outSize[1]; ++at[1]) {
          for (at[2] = 0; at[2] < args.outSize[2]; ++at[2], ++output) {
            std::vector<std::vector<Corner>> samples;
            double k[3];
            for (k[0] = 0; k[0] < sides[0].samples; ++k[0]) {
              for (k[1] = 0; k[1] < sides[1].samples; ++k[1]) {
                for (k[2] = 0; k[2] < sides[2].samples; ++k[2]) {
                  double position[3];
                  for (int axis = 0; axis < 3; ++axis) {
                    const Side& side = sides[axis];
                    position[axis] = side.start + double(at[axis]) * side.bin +
                                     (k[axis] + 0.5) * (side.bin / side.samples);
                  }
                  samples.push_back(corners(args, position));
                }
              }
            }
            body(output, args.images[box] * args.channels + channel, samples);
          }
        }
      }
    }
  }
}

using Samples = std::vector<std::vector<Corner>>;

/** The corner whose weighted value is largest; without a voxel (-1) where there is none or where
 * the 0 of an outside sample is larger. */
template <class T>
Corner largest(const T* volume, const Samples& samples) {
  Corner best{-1, 0};
  double value = 0;
  bool outside = false;
  for (const std::vector<Corner>& sample : samples) {
    outside = outside || sample.empty();
    for (const Corner& corner : sample) {
      const double weighted = corner.weight * double(volume[corner.voxel]);
      if (best.voxel < 0 || weighted > value || std::isnan(weighted)) {
        best = corner;
        value = weighted;
      }
    }
  }
  return outside && value < 0 ? Corner{-1, 0} : best;
}

int64_t voxelsOf(const RoiAlignArgs& args) {
  return args.inSize[0] * args.inSize[1] * args.inSize[2];
}

template <class T>
void align(const RoiAlignArgs& args) {
  const T* const input = static_cast<const T*>(args.input);
  T* const output = static_cast<T*>(args.output);
  const int64_t voxels = voxelsOf(args);
  eachOutput<T>(args, [&](int64_t i, int64_t volume, const Samples& samples) {
    const T* const values = input + volume * voxels;
    double result = 0;
    if (args.mode == VK_ROI_AVERAGE) {
      for (const std::vector<Corner>& sample : samples) {
        for (const Corner& corner : sample) result += corner.weight * double(values[corner.voxel]);
      }
      if (!samples.empty()) result /= double(samples.size());
    } else {
      const Corner corner = largest(values, samples);
      if (corner.voxel >= 0) result = corner.weight * double(values[corner.voxel]);
    }
    output[i] = T(result);
  });
}

template <class T>
void gradient(const RoiAlignGradientArgs& args) {
  const T* const input = static_cast<const T*>(args.input);
  const T* const upstream = static_cast<const T*>(args.upstream);
  T* const gradient = static_cast<T*>(args.gradient);
  const int64_t voxels = voxelsOf(args);
  std::vector<double> sums(static_cast<size_t>(args.batch * args.channels * voxels));
  eachOutput<T>(args, [&](int64_t i, int64_t volume, const Samples& samples) {
    double* const to = sums.data() + volume * voxels;
    if (args.mode == VK_ROI_AVERAGE) {
      for (const std::vector<Corner>& sample : samples) {
        for (const Corner& corner : sample) {
          to[corner.voxel] += corner.weight * double(upstream[i]) / double(samples.size());
        }
      }
    } else {
      const Corner corner = largest(input + volume * voxels, samples);
      if (corner.voxel >= 0) to[corner.voxel] += corner.weight * double(upstream[i]);
    }
  });
  for (size_t i = 0; i < sums.size(); ++i) gradient[i] = T(sums[i]);
}

}  // namespace

void roiAlignReference(const RoiAlignArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    align<double>(args);
  } else {
    align<float>(args);
  }
}

void roiAlignGradientReference(const RoiAlignGradientArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    gradient<double>(args);
  } else {
    gradient<float>(args);
  }
}

}  // namespace vk
