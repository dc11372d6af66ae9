// The normalisation of channels that `group_norm` and `batch_norm` share.
#pragma once

#include "core/context.h"
#include "registry/normalization.h"

namespace vk::cuda {

void channelNorm(const ChannelNormArgs& args, Context& context, const Workspace& workspace);
int64_t channelNormBytes(const ChannelNormArgs& args);

void channelNormGradient(const ChannelNormArgs& args, Context& context, const Workspace& workspace);
int64_t channelNormGradientBytes(const ChannelNormArgs& args);

}  // namespace vk::cuda
