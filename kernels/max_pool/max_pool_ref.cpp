#include <cmath>
#include <limits>

#include "max_pool/max_pool.h"

namespace vk {
namespace {

struct Found {
  double value;
  /** Within the volume; -1 where the window has no voxel. */
  int64_t index;
};

/** The window's voxels in the order of the volume; the first of equal values, the last NaN. */
template <class T>
Found largest(const PoolArgs& args, const T* volume, const int64_t (&output)[3]) {
  const PoolWindow& window = args.window;
  Found found{-std::numeric_limits<double>::infinity(), -1};
  int64_t tap[3];
  for (tap[0] = 0; tap[0] < window.kernel[0]; ++tap[0]) {
    for (tap[1] = 0; tap[1] < window.kernel[1]; ++tap[1]) {
      for (tap[2] = 0; tap[2] < window.kernel[2]; ++tap[2]) {
        int64_t index = 0;
        bool inside = true;
        for (int axis = 0; axis < 3; ++axis) {
          const int64_t at = output[axis] * window.stride[axis] +
                             tap[axis] * window.dilation[axis] - window.paddingBegin[axis];
          inside = inside && at >= 0 && at < args.inSize[axis];
          index = index * args.inSize[axis] + at;
        }
        if (!inside) continue;
        const double value = double(volume[index]);
        if (value > found.value || std::isnan(value) || found.index < 0) found = {value, index};
      }
    }
  }
  return found;
}

/** body(volume, number of the output, its position). */
template <class Body>
void eachOutput(const PoolArgs& args, const Body& body) {
  int64_t output = 0;
  for (int64_t volume = 0; volume < args.volumes; ++volume) {
    for (int64_t z = 0; z < args.outSize[0]; ++z) {
      for (int64_t y = 0; y < args.outSize[1]; ++y) {
        for (int64_t x = 0; x < args.outSize[2]; ++x) body(volume, output++, {z, y, x});
      }
    }
  }
}

template <class T>
void maxPool(const MaxPoolArgs& args) {
  const T* const input = static_cast<const T*>(args.input);
  T* const output = static_cast<T*>(args.output);
  const int64_t voxels = poolVoxels(args.inSize);
  eachOutput(args, [&](int64_t volume, int64_t i, const int64_t(&at)[3]) {
    const Found found = largest(args, input + volume * voxels, at);
    output[i] = T(found.value);
    if (args.indices != nullptr) args.indices[i] = found.index;
  });
}

template <class T>
void gradient(const MaxPoolGradientArgs& args) {
  const T* const input = static_cast<const T*>(args.input);
  const T* const upstream = static_cast<const T*>(args.upstream);
  T* const gradient = static_cast<T*>(args.gradient);
  const int64_t voxels = poolVoxels(args.inSize);
  for (int64_t i = 0; i < args.volumes * voxels; ++i) gradient[i] = 0;
  eachOutput(args, [&](int64_t volume, int64_t i, const int64_t(&at)[3]) {
    const int64_t index = args.indices != nullptr
                              ? args.indices[i]
                              : largest(args, input + volume * voxels, at).index;
    if (index >= 0 && index < voxels) gradient[volume * voxels + index] += upstream[i];
  });
}

}  // namespace

void maxPoolReference(const MaxPoolArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    maxPool<double>(args);
  } else {
    maxPool<float>(args);
  }
}

void maxPoolGradientReference(const MaxPoolGradientArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    gradient<double>(args);
  } else {
    gradient<float>(args);
  }
}

}  // namespace vk
