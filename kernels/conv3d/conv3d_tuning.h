// How a convolution, its gradients and the transposed one are measured.
#pragma once

#include "conv3d/conv3d_gradient_input.h"
#include "conv3d/conv3d_gradient_weights.h"
#include "registry/tuning.h"
#include "voxkern/convolution.h"

namespace vk {

/** Everything that the choice may depend on but for the threads, so that results have the same bits
 * for any number of them; and not what is done to the sums, so that packed weights serve with and
 * without. */
std::string problemOf(const Conv3dArgs& args);

/** What the parameters name, before anybody has checked them. */
inline vk_tuning* conv3dTuning(const vk_conv3d_params* params) {
  return params == nullptr || params->struct_size != sizeof(vk_conv3d_params) ? nullptr
                                                                              : params->tuning;
}

void makeTensors(Conv3dArgs& args, TuningMemory& memory);
void makeTensors(Conv3dGradientWeightsArgs& args, TuningMemory& memory);

}  // namespace vk
