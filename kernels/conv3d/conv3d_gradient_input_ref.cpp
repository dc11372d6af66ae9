#include <cstring>
#include <vector>

#include "conv3d/conv3d_gradient_input.h"

namespace vk {
namespace {

/** Spreads every input over the outputs that it reaches. */
template <class T>
class Reference {
 public:
  explicit Reference(const Conv3dTransposedArgs& args)
      : args_(args), weights_(static_cast<const T*>(args.packed)) {}

  void run() const {
    const int64_t outVoxels = args_.outSize[0] * args_.outSize[1] * args_.outSize[2];
    std::vector<double> sums(static_cast<size_t>(outVoxels));
    const int64_t channels = args_.groups * args_.outChannels;
    for (int64_t n = 0; n < args_.batch; ++n) {
      for (int64_t channel = 0; channel < channels; ++channel) {
        sums.assign(sums.size(), 0.0);
        const int64_t group = channel / args_.outChannels;
        for (int64_t in = 0; in < args_.inChannels; ++in) {
          spread(n, group * args_.inChannels + in, channel % args_.outChannels, sums);
        }
        write(channel, (n * channels + channel) * outVoxels, sums);
      }
    }
  }

 private:
  void spread(int64_t n, int64_t in, int64_t out, std::vector<double>& sums) const {
    const int64_t* const size = args_.inSize;
    const T* input = static_cast<const T*>(args_.input) +
                     (n * args_.groups * args_.inChannels + in) * size[0] * size[1] * size[2];
    const T* const weights = weights_ + (in * args_.outChannels + out) * conv3dTaps(args_);
    for (int64_t z = 0; z < size[0]; ++z) {
      for (int64_t y = 0; y < size[1]; ++y) {
        for (int64_t x = 0; x < size[2]; ++x) spreadVoxel(z, y, x, double(*input++), weights, sums);
      }
    }
  }

  void spreadVoxel(int64_t z, int64_t y, int64_t x, double value, const T* weights,
                   std::vector<double>& sums) const {
    for (int64_t kz = 0; kz < args_.kernel[0]; ++kz) {
      for (int64_t ky = 0; ky < args_.kernel[1]; ++ky) {
        for (int64_t kx = 0; kx < args_.kernel[2]; ++kx, ++weights) {
          const int64_t pz = reached(0, z, kz), py = reached(1, y, ky), px = reached(2, x, kx);
          if (pz < 0 || py < 0 || px < 0) continue;
          const int64_t at = (pz * args_.outSize[1] + py) * args_.outSize[2] + px;
          sums[static_cast<size_t>(at)] += value * double(*weights);
        }
      }
    }
  }

  /** The output along an axis, or -1 where it lies outside. */
  int64_t reached(int axis, int64_t v, int64_t k) const {
    const int64_t p = v * args_.stride[axis] + k * args_.dilation[axis] - args_.paddingBegin[axis];
    return p < args_.outSize[axis] ? p : -1;
  }

  void write(int64_t channel, int64_t at, const std::vector<double>& sums) const {
    T* const output = static_cast<T*>(args_.output) + at;
    const T* const bias = static_cast<const T*>(args_.bias);
    const T* const residual = static_cast<const T*>(args_.residual);
    for (size_t i = 0; i < sums.size(); ++i) {
      double value = sums[i];
      if (bias != nullptr) value += double(bias[channel]);
      if (residual != nullptr) value += double(residual[at + int64_t(i)]);
      if (value < 0 && args_.activation == VK_ACTIVATION_RELU) value = 0;
      if (value < 0 && args_.activation == VK_ACTIVATION_LEAKY_RELU) value *= args_.negativeSlope;
      output[i] = T(value);
    }
  }

  const Conv3dTransposedArgs& args_;
  const T* weights_;
};

}  // namespace

void conv3dTransposedReference(const Conv3dTransposedArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    Reference<double>(args).run();
  } else {
    Reference<float>(args).run();
  }
}

void conv3dTransposedPackReference(const Conv3dTransposedArgs& args, Context& context,
                                   const Workspace& workspace) {
  conv3dPackReference(args, context, workspace);
}

}  // namespace vk
