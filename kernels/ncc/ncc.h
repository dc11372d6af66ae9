#pragma once

#include "registry/measure.h"
#include "voxkern/registration.h"

namespace vk {

struct NccArgs : MeasureArgs {};

void nccReference(const NccArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<NccArgs>> nccCpuTable;
int64_t nccCpuWorkspaceBytes(const NccArgs&);

}  // namespace vk
