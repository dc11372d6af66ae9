#include "conv3d/conv3d_gradient_weights.h"

namespace vk {
namespace {

template <class T>
class Reference {
 public:
  explicit Reference(const Conv3dGradientWeightsArgs& args)
      : args_(args),
        input_(static_cast<const T*>(args.input)),
        upstream_(static_cast<const T*>(args.upstream)) {}

  void run() const {
    T* gradient = static_cast<T*>(args_.gradient);
    for (int64_t out = 0; out < args_.groups * args_.outChannels; ++out) {
      for (int64_t in = 0; in < args_.inChannels; ++in) {
        for (int64_t kz = 0; kz < args_.kernel[0]; ++kz) {
          for (int64_t ky = 0; ky < args_.kernel[1]; ++ky) {
            for (int64_t kx = 0; kx < args_.kernel[2]; ++kx) {
              const int64_t channel = out / args_.outChannels * args_.inChannels + in;
              *gradient++ = T(weight(out, channel, kz, ky, kx));
            }
          }
        }
      }
      if (args_.gradientBias != nullptr) static_cast<T*>(args_.gradientBias)[out] = T(bias(out));
    }
  }

 private:
  double upstreamAt(int64_t n, int64_t channel, int64_t z, int64_t y, int64_t x) const {
    const int64_t volume = n * args_.groups * args_.outChannels + channel;
    return double(
        upstream_[((volume * args_.outSize[0] + z) * args_.outSize[1] + y) * args_.outSize[2] + x]);
  }

  double weight(int64_t out, int64_t in, int64_t kz, int64_t ky, int64_t kx) const {
    double sum = 0;
    for (int64_t n = 0; n < args_.batch; ++n) {
      const int64_t volume = n * args_.groups * args_.inChannels + in;
      for (int64_t z = 0; z < args_.outSize[0]; ++z) {
        const int64_t pz = tap(0, z, kz);
        if (pz < 0) continue;
        for (int64_t y = 0; y < args_.outSize[1]; ++y) {
          const int64_t py = tap(1, y, ky);
          if (py < 0) continue;
          const T* const row =
              input_ + ((volume * args_.inSize[0] + pz) * args_.inSize[1] + py) * args_.inSize[2];
          for (int64_t x = 0; x < args_.outSize[2]; ++x) {
            const int64_t px = tap(2, x, kx);
            if (px >= 0) sum += double(row[px]) * upstreamAt(n, out, z, y, x);
          }
        }
      }
    }
    return sum;
  }

  double bias(int64_t out) const {
    double sum = 0;
    for (int64_t n = 0; n < args_.batch; ++n) {
      for (int64_t z = 0; z < args_.outSize[0]; ++z) {
        for (int64_t y = 0; y < args_.outSize[1]; ++y) {
          for (int64_t x = 0; x < args_.outSize[2]; ++x) sum += upstreamAt(n, out, z, y, x);
        }
      }
    }
    return sum;
  }

  /** The voxel of the input, or -1 where it lies outside. */
  int64_t tap(int axis, int64_t v, int64_t k) const {
    const int64_t p = v * args_.stride[axis] + k * args_.dilation[axis] - args_.paddingBegin[axis];
    return p < args_.inSize[axis] ? p : -1;
  }

  const Conv3dGradientWeightsArgs& args_;
  const T* input_;
  const T* upstream_;
};

}  // namespace

void conv3dGradientWeightsReference(const Conv3dGradientWeightsArgs& args, Context&,
                                    const Workspace&) {
  if (args.type == VK_F64) {
    Reference<double>(args).run();
  } else {
    Reference<float>(args).run();
  }
}

}  // namespace vk
