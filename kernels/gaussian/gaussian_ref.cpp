#include <cmath>
#include <vector>

#include "gaussian/gaussian.h"

namespace vk {
namespace {

struct Weighted {
  int64_t index;
  double weight;
};

/** The input voxels, all inside the image, that one output voxel of an axis is the weighted sum of.
 */
std::vector<Weighted> weightsOf(const GaussianArgs& args, int axis, int64_t output) {
  const int64_t size = args.size[axis];
  const double sigma = args.sigma[axis];
  const double position = double(args.factor[axis]) * double(output) + args.offset[axis];
  const double nearest = position - std::round(position);
  const double radius = sigma > 0 ? std::ceil(4 * sigma) : 1;
  std::vector<Weighted> weights;
  double whole = 0;
  double inside = 0;
  for (double tap = std::ceil(position - radius); tap <= position + radius; tap += 1) {
    const double d = tap - position;
    double weight =
        sigma > 0 ? std::exp((nearest * nearest - d * d) / (2 * sigma * sigma)) : 1 - std::fabs(d);
    if (sigma == 0 && weight == 0) continue;
    if (weight < 1e-9) weight = 0;
    whole += weight;
    if (tap >= 0 && tap < double(size)) {
      inside += weight;
      weights.push_back({int64_t(tap), weight});
    } else if (args.border == VK_GAUSSIAN_CLAMP) {
      weights.push_back({tap < 0 ? 0 : size - 1, weight});
    }
  }
  if (args.border == VK_GAUSSIAN_RENORMALISED && inside > 0) whole = inside;
  for (Weighted& entry : weights) entry.weight /= whole;
  return weights;
}

/** Filters one axis of a (z, y, x) block; `size` is updated. */
std::vector<double> filtered(const GaussianArgs& args, int axis, const std::vector<double>& input,
                             int64_t size[3]) {
  int64_t outputSize[3] = {size[0], size[1], size[2]};
  outputSize[axis] = args.outputSize[axis];
  const int64_t stride = axis == 0 ? 1 : axis == 1 ? size[0] : size[0] * size[1];
  std::vector<double> output(size_t(outputSize[0] * outputSize[1] * outputSize[2]));
  std::vector<std::vector<Weighted>> weights;
  for (int64_t j = 0; j < outputSize[axis]; ++j) weights.push_back(weightsOf(args, axis, j));
  for (int64_t z = 0; z < outputSize[2]; ++z) {
    for (int64_t y = 0; y < outputSize[1]; ++y) {
      for (int64_t x = 0; x < outputSize[0]; ++x) {
        const int64_t at[3] = {x, y, z};
        const int64_t line = (axis == 2 ? 0 : z * size[0] * size[1]) +
                             (axis == 1 ? 0 : y * size[0]) + (axis == 0 ? 0 : x);
        double sum = 0;
        for (const Weighted& entry : weights[size_t(at[axis])]) {
          sum += entry.weight * input[size_t(line + entry.index * stride)];
        }
        output[size_t((z * outputSize[1] + y) * outputSize[0] + x)] = sum;
      }
    }
  }
  size[axis] = outputSize[axis];
  return output;
}

std::vector<double> smoothed(const GaussianArgs& args, std::vector<double> image) {
  int64_t size[3] = {args.size[0], args.size[1], args.size[2]};
  for (int axis = 0; axis < 3; ++axis) image = filtered(args, axis, image, size);
  return image;
}

template <class T>
void gaussian(const GaussianArgs& args) {
  const int64_t count = args.size[0] * args.size[1] * args.size[2];
  const int64_t outputCount = args.outputSize[0] * args.outputSize[1] * args.outputSize[2];
  std::vector<double> total;
  if (args.mask != nullptr) {
    std::vector<double> counts(static_cast<size_t>(count));
    for (int64_t i = 0; i < count; ++i) counts[size_t(i)] = args.mask[i] != 0 ? 1 : 0;
    total = smoothed(args, counts);
  }
  for (int64_t channel = 0; channel < args.channels; ++channel) {
    const T* image = static_cast<const T*>(args.image) + channel * count;
    T* output = static_cast<T*>(args.smoothed) + channel * outputCount;
    std::vector<double> values(static_cast<size_t>(count));
    for (int64_t i = 0; i < count; ++i) {
      values[size_t(i)] = args.mask == nullptr || args.mask[i] != 0 ? double(image[i]) : 0;
    }
    values = smoothed(args, values);
    for (int64_t i = 0; i < outputCount; ++i) {
      const double value = values[size_t(i)];
      if (args.mask == nullptr) {
        output[i] = T(value);
      } else {
        output[i] = total[size_t(i)] > 0 ? T(value / total[size_t(i)]) : T(0);
      }
    }
  }
}

}  // namespace

void gaussianReference(const GaussianArgs& args, Context&, const Workspace&) {
  if (args.size[0] * args.size[1] * args.size[2] == 0) return;
  if (args.type == VK_F64) {
    gaussian<double>(args);
  } else {
    gaussian<float>(args);
  }
}

}  // namespace vk
