#pragma once

#include "registry/normalization.h"
#include "voxkern/normalization.h"

namespace vk {

struct GroupNormArgs : ChannelNormArgs {};

void groupNormReference(const GroupNormArgs&, Context&, const Workspace&);
void groupNormGradientReference(const GroupNormArgs&, Context&, const Workspace&);

extern const SimdTable<Kernel<GroupNormArgs>> groupNormCpuTable;
extern const SimdTable<Kernel<GroupNormArgs>> groupNormGradientCpuTable;

}  // namespace vk
