#pragma once

#include "registry/normalization.h"
#include "voxkern/normalization.h"

namespace vk {

struct BatchNormArgs : ChannelNormArgs {};

void batchNormReference(const BatchNormArgs&, Context&, const Workspace&);
void batchNormGradientReference(const BatchNormArgs&, Context&, const Workspace&);

extern const SimdTable<Kernel<BatchNormArgs>> batchNormCpuTable;
extern const SimdTable<Kernel<BatchNormArgs>> batchNormGradientCpuTable;

}  // namespace vk
