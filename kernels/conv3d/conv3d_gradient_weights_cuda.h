// What the CUDA kernels of the weights' gradient share.
#pragma once

#include "conv3d/conv3d_cuda.h"
#include "conv3d/conv3d_gradient_weights.h"

namespace vk {

inline int64_t conv3dAllVoxels(const Conv3dGradientWeightsArgs& args) {
  return args.batch * conv3dVolume(args.outSize);
}
inline int64_t conv3dWeightsOfOut(const Conv3dGradientWeightsArgs& args) {
  return args.inChannels * conv3dTaps(args);
}
inline int64_t conv3dAllWeights(const Conv3dGradientWeightsArgs& args) {
  return args.groups * args.outChannels * conv3dWeightsOfOut(args);
}

/** The output voxel that a thread reads, and the input of the first tap. */
struct Conv3dVoxel {
  int64_t n;
  int z, y, x;

  __device__ void set(const Conv3dGradientWeightsArgs& args, int64_t number) {
    x = int(number % args.outSize[2]);
    const int64_t row = number / args.outSize[2];
    y = int(row % args.outSize[1]);
    const int64_t plane = row / args.outSize[1];
    z = int(plane % args.outSize[0]);
    n = plane / args.outSize[0];
  }
  __device__ void add(const Conv3dGradientWeightsArgs& args, int voxels) {
    x += voxels;
    while (x >= args.outSize[2]) {
      x -= int(args.outSize[2]);
      if (++y < args.outSize[1]) continue;
      y = 0;
      if (++z < args.outSize[0]) continue;
      z = 0;
      ++n;
    }
  }
  __device__ int in(const Conv3dGradientWeightsArgs& args, int axis, int at) const {
    return int(at * args.stride[axis] - args.paddingBegin[axis]);
  }
};

/** Adds the chunks of every sum, in order. */
void conv3dAddChunks(Context& context, const float* partials, int64_t chunks, int64_t sums,
                     float* result);

/** The gradient of the bias, where it is asked for, by way of as many bytes. */
int64_t conv3dBiasBytes(const Conv3dGradientWeightsArgs& args);
void conv3dRunBias(const Conv3dGradientWeightsArgs& args, Context& context, double* partials);

/** Any sizes, in f32 and f64; needs memory for the bias alone. */
void conv3dRunWeightsGeneral(const Conv3dGradientWeightsArgs& args, Context& context,
                             const Workspace& workspace);

}  // namespace vk
