#include <vector>

#include "average_pool/average_pool.h"

namespace vk {
namespace {

/** Calls body(volume, number of the output, index in the volume of a voxel of its window,
 * divisor). */
template <class Body>
void eachTap(const AverageArgs& args, const Body& body) {
  const PoolWindow& window = args.window;
  int64_t output = 0;
  int64_t at[3];
  for (int64_t volume = 0; volume < args.volumes; ++volume) {
    for (at[0] = 0; at[0] < args.outSize[0]; ++at[0]) {
      for (at[1] = 0; at[1] < args.outSize[1]; ++at[1]) {
        for (at[2] = 0; at[2] < args.outSize[2]; ++at[2], ++output) {
          const auto eachOf = [&](const auto& tapBody) {
            int64_t tap[3];
            for (tap[0] = 0; tap[0] < window.kernel[0]; ++tap[0]) {
              for (tap[1] = 0; tap[1] < window.kernel[1]; ++tap[1]) {
                for (tap[2] = 0; tap[2] < window.kernel[2]; ++tap[2]) {
                  int64_t index = 0;
                  bool inside = true, padded = true;
                  for (int axis = 0; axis < 3; ++axis) {
                    const int64_t position = at[axis] * window.stride[axis] +
                                             tap[axis] * window.dilation[axis] -
                                             window.paddingBegin[axis];
                    inside = inside && position >= 0 && position < args.inSize[axis];
                    padded = padded && position < args.inSize[axis] + window.paddingEnd[axis];
                    index = index * args.inSize[axis] + position;
                  }
                  tapBody(inside, padded, index);
                }
              }
            }
          };
          double divisor = args.given;
          if (args.divisor != VK_POOL_DIVISOR_GIVEN) {
            divisor = 0;
            eachOf([&](bool inside, bool padded, int64_t) {
              divisor += args.divisor == VK_POOL_DIVISOR_INSIDE ? inside : padded;
            });
          }
          eachOf([&](bool inside, bool, int64_t index) {
            if (inside) body(volume, output, index, divisor);
          });
        }
      }
    }
  }
}

template <class T>
void average(const AveragePoolArgs& args) {
  const T* const input = static_cast<const T*>(args.input);
  T* const output = static_cast<T*>(args.output);
  const int64_t voxels = poolVoxels(args.inSize);
  const int64_t outputs = args.volumes * poolVoxels(args.outSize);
  for (int64_t i = 0; i < outputs; ++i) output[i] = 0;
  // The taps of an output follow each other.
  int64_t current = -1;
  double sum = 0;
  eachTap(args, [&](int64_t volume, int64_t i, int64_t index, double divisor) {
    if (i != current) sum = 0;
    current = i;
    sum += double(input[volume * voxels + index]);
    output[i] = T(sum / divisor);
  });
}

template <class T>
void gradient(const AveragePoolGradientArgs& args) {
  const T* const upstream = static_cast<const T*>(args.upstream);
  T* const gradient = static_cast<T*>(args.gradient);
  const int64_t voxels = poolVoxels(args.inSize);
  std::vector<double> sums(static_cast<size_t>(args.volumes * voxels));
  eachTap(args, [&](int64_t volume, int64_t i, int64_t index, double divisor) {
    sums[static_cast<size_t>(volume * voxels + index)] += double(upstream[i]) / divisor;
  });
  for (size_t i = 0; i < sums.size(); ++i) gradient[i] = T(sums[i]);
}

}  // namespace

void averagePoolReference(const AveragePoolArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    average<double>(args);
  } else {
    average<float>(args);
  }
}

void averagePoolGradientReference(const AveragePoolGradientArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    gradient<double>(args);
  } else {
    gradient<float>(args);
  }
}

}  // namespace vk
