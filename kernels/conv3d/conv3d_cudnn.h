// cuDNN as a row of convolutions and their gradients beside the hand-written kernels.
#pragma once

#include "conv3d/conv3d_cuda.h"
#include "conv3d/conv3d_gradient_weights.h"

namespace vk {

/** The convolution, or what a transposed one computes: the gradient of the input. Weights are
 * packed as they are. */
Refusal conv3dCudnnAccepts(const Conv3dProblem& problem);
int64_t conv3dCudnnBytes(const Conv3dProblem& problem);
void conv3dRunCudnn(const Conv3dProblem& problem, Context& context, const Workspace& workspace);
void conv3dPackCudnn(const Conv3dProblem& problem, Context& context);

Refusal conv3dCudnnWeightsAccepts(const Conv3dGradientWeightsArgs& args);
int64_t conv3dCudnnWeightsBytes(const Conv3dGradientWeightsArgs& args);
void conv3dRunCudnnWeights(const Conv3dGradientWeightsArgs& args, Context& context,
                           const Workspace& workspace);

}  // namespace vk
