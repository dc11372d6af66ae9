#include "affine_grid/affine_grid.h"

namespace vk {
namespace {

/** x, y, z and 1 of one voxel; the constant comes last of theta's columns. */
void homogeneous(const AffineGridArgs& args, int64_t voxel, double* values) {
  for (int r = 0; r < args.axes; ++r) {
    const int64_t size = args.size[r];
    const double i = double(voxel % size);
    voxel /= size;
    if (args.alignCorners) {
      values[r] = size > 1 ? 2 * i / double(size - 1) - 1 : 0;
    } else {
      values[r] = (2 * i + 1) / double(size) - 1;
    }
  }
  values[args.axes] = 1;
}

template <class T>
void forward(const AffineGridArgs& args, Context& context) {
  const int64_t voxels = args.size[0] * args.rows();
  for (int64_t item = 0; item < args.batch; ++item) {
    const T* theta = static_cast<const T*>(args.theta) + item * args.axes * (args.axes + 1);
    for (int64_t i = 0; i < voxels; ++i) {
      checkCancelled(context);
      double at[4];
      homogeneous(args, i, at);
      T* out = static_cast<T*>(args.grid) + (item * voxels + i) * args.axes;
      for (int r = 0; r < args.axes; ++r) {
        double sum = 0;
        for (int c = 0; c <= args.axes; ++c) sum += double(theta[r * (args.axes + 1) + c]) * at[c];
        out[r] = T(sum);
      }
    }
  }
}

template <class T>
void gradient(const AffineGridArgs& args, Context& context) {
  const int64_t voxels = args.size[0] * args.rows();
  for (int64_t item = 0; item < args.batch; ++item) {
    double sums[12] = {};
    for (int64_t i = 0; i < voxels; ++i) {
      checkCancelled(context);
      double at[4];
      homogeneous(args, i, at);
      const T* upstream = static_cast<const T*>(args.grid) + (item * voxels + i) * args.axes;
      for (int r = 0; r < args.axes; ++r) {
        for (int c = 0; c <= args.axes; ++c) {
          sums[r * (args.axes + 1) + c] += double(upstream[r]) * at[c];
        }
      }
    }
    T* out = static_cast<T*>(args.theta) + item * args.axes * (args.axes + 1);
    for (int k = 0; k < args.axes * (args.axes + 1); ++k) out[k] = T(sums[k]);
  }
}

}  // namespace

void affineGridReference(const AffineGridArgs& args, Context& context, const Workspace&) {
  args.type == VK_F64 ? forward<double>(args, context) : forward<float>(args, context);
}

void affineGridGradientReference(const AffineGridArgs& args, Context& context, const Workspace&) {
  args.type == VK_F64 ? gradient<double>(args, context) : gradient<float>(args, context);
}

}  // namespace vk
