// The transposed convolution is the gradient of a convolution's input, with bias, residual and
// activation: its kernels are there.
#pragma once

#include "conv3d/conv3d_gradient_input.h"
#include "voxkern/convolution.h"

namespace vk {

/** Checks the tensors; the output's size says the output padding. */
Conv3dTransposedArgs conv3dTransposedArgs(const Context& context, const vk_view* input,
                                          const vk_view* bias, const vk_view* residual,
                                          const vk_conv3d_params* params, const vk_view* output);

}  // namespace vk
