#include <cmath>
#include <vector>

#include "lp_pool/lp_pool.h"

namespace vk {
namespace {

/** body(number of the output, index of a voxel of its window over all volumes). */
template <class Body>
void eachVoxel(const PoolArgs& args, const Body& body) {
  const PoolWindow& window = args.window;
  int64_t output = 0;
  int64_t at[3], tap[3];
  for (int64_t volume = 0; volume < args.volumes; ++volume) {
    for (at[0] = 0; at[0] < args.outSize[0]; ++at[0]) {
      for (at[1] = 0; at[1] < args.outSize[1]; ++at[1]) {
        for (at[2] = 0; at[2] < args.outSize[2]; ++at[2], ++output) {
          for (tap[0] = 0; tap[0] < window.kernel[0]; ++tap[0]) {
            for (tap[1] = 0; tap[1] < window.kernel[1]; ++tap[1]) {
              for (tap[2] = 0; tap[2] < window.kernel[2]; ++tap[2]) {
                int64_t index = volume;
                bool inside = true;
                for (int axis = 0; axis < 3; ++axis) {
                  const int64_t position = at[axis] * window.stride[axis] +
                                           tap[axis] * window.dilation[axis] -
                                           window.paddingBegin[axis];
                  inside = inside && position >= 0 && position < args.inSize[axis];
                  index = index * args.inSize[axis] + position;
                }
                if (inside) body(output, index);
              }
            }
          }
        }
      }
    }
  }
}

template <class T>
void pool(const LpPoolArgs& args) {
  const T* const input = static_cast<const T*>(args.input);
  T* const output = static_cast<T*>(args.output);
  std::vector<double> sums(static_cast<size_t>(args.volumes * poolVoxels(args.outSize)));
  eachVoxel(args, [&](int64_t i, int64_t index) {
    sums[static_cast<size_t>(i)] += std::pow(std::abs(double(input[index])), args.p);
  });
  for (size_t i = 0; i < sums.size(); ++i) output[i] = T(std::pow(sums[i], 1 / args.p));
}

template <class T>
void gradient(const LpPoolGradientArgs& args) {
  const T* const input = static_cast<const T*>(args.input);
  const T* const output = static_cast<const T*>(args.output);
  const T* const upstream = static_cast<const T*>(args.upstream);
  T* const gradient = static_cast<T*>(args.gradient);
  std::vector<double> sums(static_cast<size_t>(args.volumes * poolVoxels(args.inSize)));
  eachVoxel(args, [&](int64_t i, int64_t index) {
    if (output[i] == 0) return;
    sums[static_cast<size_t>(index)] +=
        double(upstream[i]) / std::pow(double(output[i]), args.p - 1);
  });
  for (size_t i = 0; i < sums.size(); ++i) {
    const double x = double(input[i]);
    const double slope = x == 0 ? 0 : std::copysign(std::pow(std::abs(x), args.p - 1), x);
    gradient[i] = T(x == 0 ? 0 : slope * sums[i]);
  }
}

}  // namespace

void lpPoolReference(const LpPoolArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    pool<double>(args);
  } else {
    pool<float>(args);
  }
}

void lpPoolGradientReference(const LpPoolGradientArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    gradient<double>(args);
  } else {
    gradient<float>(args);
  }
}

}  // namespace vk
