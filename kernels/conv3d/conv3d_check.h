// Argument checks that a convolution shares with its gradients and with the transposed convolution.
#pragma once

#include "conv3d/conv3d.h"
#include "voxkern/convolution.h"

namespace vk {

/** As the messages have them. */
struct Conv3dNames {
  const char* operation;
  const char* input;
  const char* output;
};

constexpr const char* const kConv3dAxes[] = {"z", "y", "x"};

inline long long shown(int64_t value) { return static_cast<long long>(value); }

/** What the parameters alone say; the rest is zero. */
Conv3dArgs conv3dOfParams(const char* operation, const vk_conv3d_params* params);

/** Channels of one group. */
int64_t conv3dChannelsOfGroup(const char* operation, const Conv3dArgs& args, const char* name,
                              const vk_view& view, int axis);

/** A convolution of these tensors: all but its bias, residual, weights and threads. */
Conv3dArgs conv3dOfTensors(const Conv3dNames& names, const vk_view* input,
                           const vk_conv3d_params* params, const vk_view* output);

/** The optional bias (a value a channel) and residual (of the output's shape). */
void conv3dSetFinish(const char* operation, const vk_view* bias, const vk_view* residual,
                     const vk_view& output, Conv3dArgs& args);

/** Weights (outChannels groups, inChannels, kz, ky, kx) that are to be packed. */
Conv3dArgs conv3dOfWeights(const char* operation, const vk_view* weights,
                           const vk_conv3d_params* params);

/** Weights as they are. */
int64_t conv3dPackedBytes(const Conv3dArgs& args);

/** Memory for packed weights: as large as the plan says, or larger. */
void* conv3dPackedData(const char* operation, const Conv3dArgs& args, const vk_plan* plan,
                       const vk_view* packed);

}  // namespace vk
