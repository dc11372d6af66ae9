#include <cstring>

#include "conv3d/conv3d.h"

namespace vk {
namespace {

double activated(const Conv3dArgs& args, double value) {
  switch (args.activation) {
    case VK_ACTIVATION_RELU:
      return value < 0 ? 0 : value;
    case VK_ACTIVATION_LEAKY_RELU:
      return value < 0 ? args.negativeSlope * value : value;
    default:
      return value;
  }
}

template <class T>
class Reference {
 public:
  explicit Reference(const Conv3dArgs& args)
      : args_(args),
        input_(static_cast<const T*>(args.input)),
        weights_(static_cast<const T*>(args.packed)) {}

  void run() const {
    const T* const bias = static_cast<const T*>(args_.bias);
    const T* const residual = static_cast<const T*>(args_.residual);
    T* const output = static_cast<T*>(args_.output);
    const int64_t channels = args_.groups * args_.outChannels;
    int64_t at = 0;
    for (int64_t n = 0; n < args_.batch; ++n) {
      for (int64_t channel = 0; channel < channels; ++channel) {
        for (int64_t z = 0; z < args_.outSize[0]; ++z) {
          for (int64_t y = 0; y < args_.outSize[1]; ++y) {
            for (int64_t x = 0; x < args_.outSize[2]; ++x, ++at) {
              double value = sum(n, channel, z, y, x);
              if (bias != nullptr) value += double(bias[channel]);
              if (residual != nullptr) value += double(residual[at]);
              output[at] = T(activated(args_, value));
            }
          }
        }
      }
    }
  }

 private:
  /** Voxels outside the input are zeros, multiplied like others. */
  double sum(int64_t n, int64_t channel, int64_t z, int64_t y, int64_t x) const {
    const int64_t firstIn = channel / args_.outChannels * args_.inChannels;
    const T* weight = weights_ + channel * args_.inChannels * conv3dTaps(args_);
    double total = 0;
    for (int64_t c = 0; c < args_.inChannels; ++c) {
      const int64_t volume = n * args_.groups * args_.inChannels + firstIn + c;
      for (int64_t kz = 0; kz < args_.kernel[0]; ++kz) {
        for (int64_t ky = 0; ky < args_.kernel[1]; ++ky) {
          const T* const row = rowAt(volume, tap(0, z, kz), tap(1, y, ky));
          for (int64_t kx = 0; kx < args_.kernel[2]; ++kx) {
            const int64_t at = tap(2, x, kx);
            const bool inside = row != nullptr && at >= 0 && at < args_.inSize[2];
            total += double(*weight++) * (inside ? double(row[at]) : 0.0);
          }
        }
      }
    }
    return total;
  }

  /** Null outside of the input. */
  const T* rowAt(int64_t volume, int64_t z, int64_t y) const {
    const int64_t* const size = args_.inSize;
    if (z < 0 || z >= size[0] || y < 0 || y >= size[1]) return nullptr;
    return input_ + ((volume * size[0] + z) * size[1] + y) * size[2];
  }

  int64_t tap(int axis, int64_t output, int64_t k) const {
    return output * args_.stride[axis] + k * args_.dilation[axis] - args_.paddingBegin[axis];
  }

  const Conv3dArgs& args_;
  const T* input_;
  const T* weights_;
};

}  // namespace

void conv3dReference(const Conv3dArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    Reference<double>(args).run();
  } else {
    Reference<float>(args).run();
  }
}

/** The reference reads weights as they are. */
void conv3dPackReference(const Conv3dArgs& args, Context&, const Workspace&) {
  const int64_t count = args.groups * args.outChannels * args.inChannels * conv3dTaps(args);
  if (count > 0) {
    std::memcpy(args.packed, args.weights, static_cast<size_t>(count * elementSize(args.type)));
  }
}

}  // namespace vk
