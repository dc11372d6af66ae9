#include <cmath>
#include <limits>
#include <vector>

#include "adaptive_pool/adaptive_pool.h"

namespace vk {
namespace {

/** body(volume, number of the output, index of a voxel of its bin in the volume, voxels of the
 * bin), in the order of the volume. */
template <class Body>
void eachVoxel(const AdaptiveArgs& args, const Body& body) {
  int64_t output = 0;
  int64_t at[3];
  for (int64_t volume = 0; volume < args.volumes; ++volume) {
    for (at[0] = 0; at[0] < args.outSize[0]; ++at[0]) {
      for (at[1] = 0; at[1] < args.outSize[1]; ++at[1]) {
        for (at[2] = 0; at[2] < args.outSize[2]; ++at[2], ++output) {
          int64_t begin[3], end[3], voxels = 1;
          for (int axis = 0; axis < 3; ++axis) {
            const double scale = double(args.inSize[axis]);
            const double bins = double(args.outSize[axis]);
            begin[axis] = int64_t(std::floor(double(at[axis]) * scale / bins));
            end[axis] = int64_t(std::ceil(double(at[axis] + 1) * scale / bins));
            voxels *= end[axis] - begin[axis];
          }
          for (int64_t z = begin[0]; z < end[0]; ++z) {
            for (int64_t y = begin[1]; y < end[1]; ++y) {
              for (int64_t x = begin[2]; x < end[2]; ++x) {
                body(volume, output, (z * args.inSize[1] + y) * args.inSize[2] + x, voxels);
              }
            }
          }
        }
      }
    }
  }
}

int64_t voxelsOf(const int64_t (&size)[3]) { return size[0] * size[1] * size[2]; }

template <class T>
void pool(const AdaptivePoolArgs& args) {
  const T* const input = static_cast<const T*>(args.input);
  T* const output = static_cast<T*>(args.output);
  const int64_t voxels = voxelsOf(args.inSize);
  // The voxels of an output follow each other.
  int64_t current = -1;
  double sum = 0;
  eachVoxel(args, [&](int64_t volume, int64_t i, int64_t index, int64_t count) {
    const double value = double(input[volume * voxels + index]);
    const bool first = i != current;
    current = i;
    if (args.mode == VK_ADAPTIVE_AVERAGE) {
      sum = first ? value : sum + value;
      output[i] = T(sum / double(count));
    } else if (first || value > double(output[i]) || std::isnan(value)) {
      output[i] = T(value);
      if (args.indices != nullptr) args.indices[i] = index;
    }
  });
}

template <class T>
void gradient(const AdaptivePoolGradientArgs& args) {
  const T* const upstream = static_cast<const T*>(args.upstream);
  const int64_t voxels = voxelsOf(args.inSize);
  const int64_t outputs = voxelsOf(args.outSize);
  std::vector<double> sums(static_cast<size_t>(args.volumes * voxels));
  if (args.mode == VK_ADAPTIVE_AVERAGE) {
    eachVoxel(args, [&](int64_t volume, int64_t i, int64_t index, int64_t count) {
      sums[static_cast<size_t>(volume * voxels + index)] += double(upstream[i]) / double(count);
    });
  } else {
    for (int64_t i = 0; i < args.volumes * outputs; ++i) {
      const int64_t index = args.indices[i];
      if (index < 0 || index >= voxels) continue;
      sums[static_cast<size_t>(i / outputs * voxels + index)] += double(upstream[i]);
    }
  }
  T* const gradient = static_cast<T*>(args.gradient);
  for (size_t i = 0; i < sums.size(); ++i) gradient[i] = T(sums[i]);
}

}  // namespace

void adaptivePoolReference(const AdaptivePoolArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    pool<double>(args);
  } else {
    pool<float>(args);
  }
}

void adaptivePoolGradientReference(const AdaptivePoolGradientArgs& args, Context&,
                                   const Workspace&) {
  if (args.type == VK_F64) {
    gradient<double>(args);
  } else {
    gradient<float>(args);
  }
}

}  // namespace vk
