#pragma once

#include "registry/measure.h"
#include "voxkern/registration.h"

namespace vk {

struct SsdArgs : MeasureArgs {};

void ssdReference(const SsdArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<SsdArgs>> ssdCpuTable;
int64_t ssdCpuWorkspaceBytes(const SsdArgs&);

}  // namespace vk
