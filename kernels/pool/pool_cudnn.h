// Pools by cuDNN, for the folders that have such a row.
#pragma once

#include <cmath>

#include "cuda/cudnn.h"
#include "cuda/kernel.h"
#include "pool/pool_window.h"

namespace vk {

struct PoolDescriptors {
  cudnn::OwnedTensor input;
  cudnn::OwnedTensor output;
  cudnn::OwnedPooling pooling;

  PoolDescriptors(const PoolArgs& args, cudnn::PoolingMode mode)
      : input(cudnn::tensorOf(args.type, inputOf(args))),
        output(cudnn::tensorOf(args.type, outputOf(args))),
        pooling("cudnnCreatePoolingDescriptor") {
    int window[3], padding[3], stride[3];
    for (int axis = 0; axis < 3; ++axis) {
      window[axis] = int(args.window.kernel[axis]);
      padding[axis] = int(args.window.paddingBegin[axis]);
      stride[axis] = int(args.window.stride[axis]);
    }
    VK_CUDNN(SetPoolingNdDescriptor, pooling, mode, cudnn::kPropagateNan, 3, window, padding,
             stride);
  }

  static cudnn::Sizes5 inputOf(const PoolArgs& args) {
    return {1, args.volumes, args.inSize[0], args.inSize[1], args.inSize[2]};
  }
  static cudnn::Sizes5 outputOf(const PoolArgs& args) {
    return {1, args.volumes, args.outSize[0], args.outSize[1], args.outSize[2]};
  }
};

/** Whether cuDNN has such a pool, and is asked for. A pool moves bytes, which kernels written by
 * hand do as well, so that by the model none is expected to be faster. */
inline Refusal poolCudnnAccepts(const PoolArgs& args) {
  const Refusal missing = cudnn::missing();
  if (!missing.empty()) return missing;
  if (!cudnn::whereverPossible()) return "is not expected to be faster";
  for (const cudnn::Sizes5& sizes :
       {PoolDescriptors::inputOf(args), PoolDescriptors::outputOf(args)}) {
    const Refusal refusal = cudnn::fits(sizes);
    if (!refusal.empty()) return refusal;
  }
  for (int axis = 0; axis < 3; ++axis) {
    const PoolWindow& window = args.window;
    if (window.dilation[axis] != 1) return "takes no dilation";
    const int64_t rest = args.inSize[axis] + 2 * window.paddingBegin[axis] - window.kernel[axis];
    if (window.paddingBegin[axis] >= window.kernel[axis] || rest < 0 ||
        args.outSize[axis] != rest / window.stride[axis] + 1) {
      return "takes the same padding at both ends of an axis, and no windows beyond it";
    }
  }
  return {};
}

inline void poolCudnnForward(const PoolArgs& args, cudnn::PoolingMode mode, const void* input,
                             void* output, Context& context) {
  const PoolDescriptors made(args, mode);
  VK_CUDNN(PoolingForward, cudnn::handleOf(context), made.pooling, cudnn::Scale(args.type, 1),
           made.input, input, cudnn::Scale(args.type, 0), made.output, output);
}

}  // namespace vk
