// Pools of the stand-in.
#include <algorithm>
#include <cmath>
#include <limits>

#include "objects.h"

#define VK_STAND_IN extern "C" __attribute__((visibility("default")))

namespace vk::cudnn {
namespace {

struct Pool {
  DataType type;
  PoolingMode mode;
  int64_t volumes;
  struct {
    int64_t in, out, window, padding, stride;
  } axes[3];

  int64_t inVoxels() const { return axes[0].in * axes[1].in * axes[2].in; }
  int64_t outVoxels() const { return axes[0].out * axes[1].out * axes[2].out; }
  int64_t inBytes() const { return volumes * inVoxels() * elementBytes(type); }
  int64_t outBytes() const { return volumes * outVoxels() * elementBytes(type); }
  bool isMaximum() const { return mode == kPoolMax || mode == kPoolMaxDeterministic; }
};

Pool poolOf(Pooling pooling, Tensor x, Tensor y) {
  const PoolingObject& how = living(pooling);
  if (how.window.empty()) reject("the pooling descriptor was never set");
  const TensorObject &in = used(x, "x"), &out = used(y, "y");
  if (in.sizes.size() != 5 || out.sizes.size() != 5 || how.window.size() != 3) {
    reject("a pool of %zu, %zu and %zu axes", in.sizes.size(), out.sizes.size(), how.window.size());
  }
  if (in.type != out.type) reject("a pool of mixed types");
  if (in.sizes[0] != out.sizes[0] || in.sizes[1] != out.sizes[1]) reject("a pool of channels");
  Pool pool{in.type, how.mode, int64_t(in.sizes[0]) * in.sizes[1], {}};
  for (size_t axis = 0; axis < 3; ++axis) {
    auto& at = pool.axes[axis];
    at = {in.sizes[axis + 2], out.sizes[axis + 2], how.window[axis], how.padding[axis],
          how.stride[axis]};
    const int64_t rest = at.in + 2 * at.padding - at.window;
    if (rest < 0 || at.out != rest / at.stride + 1) {
      reject("axis %zu: %lld outputs for %lld inputs, window %lld, stride %lld, padding %lld", axis,
             static_cast<long long>(at.out), static_cast<long long>(at.in),
             static_cast<long long>(at.window), static_cast<long long>(at.stride),
             static_cast<long long>(at.padding));
    }
  }
  return pool;
}

struct Bin {
  int64_t begin[3], end[3];
  int64_t voxels() const { return (end[0] - begin[0]) * (end[1] - begin[1]) * (end[2] - begin[2]); }
};

/** What of a window lies inside. */
Bin binOf(const Pool& pool, int64_t output) {
  Bin bin{};
  for (int axis = 2; axis >= 0; --axis) {
    const auto& at = pool.axes[axis];
    const int64_t first = output % at.out * at.stride - at.padding;
    output /= at.out;
    bin.begin[axis] = std::max<int64_t>(first, 0);
    bin.end[axis] = std::min(first + at.window, at.in);
  }
  return bin;
}

double divisorOf(const Pool& pool, const Bin& bin) {
  if (pool.mode == kPoolAverageInside) return double(bin.voxels());
  return double(pool.axes[0].window * pool.axes[1].window * pool.axes[2].window);
}

/** body(index in the volume) */
template <class Body>
void eachOf(const Pool& pool, const Bin& bin, const Body& body) {
  for (int64_t z = bin.begin[0]; z < bin.end[0]; ++z) {
    for (int64_t y = bin.begin[1]; y < bin.end[1]; ++y) {
      for (int64_t x = bin.begin[2]; x < bin.end[2]; ++x) {
        body((z * pool.axes[1].in + y) * pool.axes[2].in + x);
      }
    }
  }
}

template <class T>
void forward(const Pool& pool, double alpha, double beta, const void* x, void* y) {
  T* const to = static_cast<T*>(y);
  for (int64_t i = 0; i < pool.volumes * pool.outVoxels(); ++i) {
    const T* const from = static_cast<const T*>(x) + i / pool.outVoxels() * pool.inVoxels();
    const Bin bin = binOf(pool, i % pool.outVoxels());
    double result = pool.isMaximum() ? -std::numeric_limits<double>::infinity() : 0;
    eachOf(pool, bin, [&](int64_t at) {
      const double value = double(from[at]);
      if (!pool.isMaximum()) {
        result += value;
      } else if (value > result || std::isnan(value)) {
        result = value;
      }
    });
    if (!pool.isMaximum()) result /= divisorOf(pool, bin);
    to[i] = T(alpha * result + (beta != 0 ? beta * double(to[i]) : 0));
  }
}

template <class T>
void average(const Pool& pool, double alpha, double beta, const void* dy, void* dx) {
  std::vector<double> sums(size_t(pool.volumes * pool.inVoxels()), 0.0);
  for (int64_t i = 0; i < pool.volumes * pool.outVoxels(); ++i) {
    const Bin bin = binOf(pool, i % pool.outVoxels());
    const double share = double(static_cast<const T*>(dy)[i]) / divisorOf(pool, bin);
    const int64_t volume = i / pool.outVoxels() * pool.inVoxels();
    eachOf(pool, bin, [&](int64_t at) { sums[size_t(volume + at)] += share; });
  }
  T* const to = static_cast<T*>(dx);
  for (size_t i = 0; i < sums.size(); ++i) {
    to[i] = T(alpha * sums[i] + (beta != 0 ? beta * double(to[i]) : 0));
  }
}

}  // namespace

VK_STAND_IN Status cudnnPoolingForward(Handle handle, Pooling pooling, const void* alphaAt,
                                       Tensor xOf, const void* x, const void* betaAt, Tensor yOf,
                                       void* y) {
  return entry("cudnnPoolingForward", [&] {
    living(handle);
    const Pool pool = poolOf(pooling, xOf, yOf);
    const double alpha = factor(alphaAt, pool.type, "alpha");
    const double beta = factor(betaAt, pool.type, "beta");
    requireDevice(x, pool.inBytes(), "x");
    requireDevice(y, pool.outBytes(), "y");
    requireApart(x, pool.inBytes(), y, pool.outBytes(), "x and y");
    onStream(handle, {{x, pool.inBytes(), "x"}, {y, pool.outBytes(), "y"}}, [=] {
      pool.type == kDouble ? forward<double>(pool, alpha, beta, x, y)
                           : forward<float>(pool, alpha, beta, x, y);
    });
  });
}

VK_STAND_IN Status cudnnPoolingBackward(Handle handle, Pooling pooling, const void* alphaAt,
                                        Tensor yOf, const void* y, Tensor dyOf, const void* dy,
                                        Tensor xOf, const void* x, const void* betaAt, Tensor dxOf,
                                        void* dx) {
  return entry("cudnnPoolingBackward", [&] {
    living(handle);
    const Pool pool = poolOf(pooling, xOf, yOf);
    if (used(dyOf, "dy").sizes != used(yOf, "y").sizes ||
        used(dxOf, "dx").sizes != used(xOf, "x").sizes) {
      reject("gradients of other sizes than their tensors");
    }
    // Which of equal values counts is not documented.
    if (pool.isMaximum()) reject("the gradient of a maximum");
    const double alpha = factor(alphaAt, pool.type, "alpha");
    const double beta = factor(betaAt, pool.type, "beta");
    requireDevice(y, pool.outBytes(), "y");
    requireDevice(dy, pool.outBytes(), "dy");
    requireDevice(x, pool.inBytes(), "x");
    requireDevice(dx, pool.inBytes(), "dx");
    requireApart(dy, pool.outBytes(), dx, pool.inBytes(), "dy and dx");
    onStream(handle, {{dy, pool.outBytes(), "dy"}, {dx, pool.inBytes(), "dx"}}, [=] {
      pool.type == kDouble ? average<double>(pool, alpha, beta, dy, dx)
                           : average<float>(pool, alpha, beta, dy, dx);
    });
  });
}

}  // namespace vk::cudnn
