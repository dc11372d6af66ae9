#include <vector>

#include "image_gradient/image_gradient.h"

namespace vk {
namespace {

/** Calls body(axis, voxel, other voxel, weight): the difference along the axis at the voxel holds
 * the other voxel with this weight. */
template <class Body>
void forEachTerm(const ImageGradientArgs& args, Body&& body) {
  const int64_t strides[3] = {1, args.size[0], args.size[0] * args.size[1]};
  for (int64_t z = 0; z < args.size[2]; ++z) {
    for (int64_t y = 0; y < args.size[1]; ++y) {
      for (int64_t x = 0; x < args.size[0]; ++x) {
        const int64_t at[3] = {x, y, z};
        const int64_t voxel = (z * args.size[1] + y) * args.size[0] + x;
        for (int axis = 0; axis < 3; ++axis) {
          if (args.size[axis] == 1) continue;
          const bool hasBelow = at[axis] > 0;
          const bool hasAbove = at[axis] < args.size[axis] - 1;
          const double weight = hasBelow && hasAbove ? 0.5 : 1;
          body(axis, voxel, voxel + (hasAbove ? strides[axis] : 0), weight);
          body(axis, voxel, voxel - (hasBelow ? strides[axis] : 0), -weight);
        }
      }
    }
  }
}

template <class T>
void gradient(const ImageGradientArgs& args) {
  const T* image = static_cast<const T*>(args.image);
  T* output = static_cast<T*>(args.gradient);
  const int64_t count = args.size[0] * args.size[1] * args.size[2];
  std::vector<double> sums(static_cast<size_t>(3 * count));
  forEachTerm(args, [&](int axis, int64_t voxel, int64_t other, double weight) {
    for (int c = 0; c < 3; ++c) {
      sums[size_t(c * count + voxel)] += args.map[3 * c + axis] * weight * double(image[other]);
    }
  });
  for (int64_t i = 0; i < 3 * count; ++i) output[i] = T(sums[size_t(i)]);
}

/** Scatters what the gradient gathers. */
template <class T>
void adjoint(const ImageGradientArgs& args) {
  const T* input = static_cast<const T*>(args.gradient);
  T* image = static_cast<T*>(args.image);
  const int64_t count = args.size[0] * args.size[1] * args.size[2];
  std::vector<double> sums(static_cast<size_t>(count));
  forEachTerm(args, [&](int axis, int64_t voxel, int64_t other, double weight) {
    for (int c = 0; c < 3; ++c) {
      sums[size_t(other)] += args.map[3 * c + axis] * weight * double(input[c * count + voxel]);
    }
  });
  for (int64_t i = 0; i < count; ++i) image[i] = T(sums[size_t(i)]);
}

}  // namespace

void imageGradientReference(const ImageGradientArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    gradient<double>(args);
  } else {
    gradient<float>(args);
  }
}

void imageGradientAdjointReference(const ImageGradientArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    adjoint<double>(args);
  } else {
    adjoint<float>(args);
  }
}

}  // namespace vk
