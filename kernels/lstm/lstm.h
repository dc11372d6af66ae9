#pragma once

#include "registry/recurrent.h"

namespace vk {

struct LstmArgs : RecurrentArgs {};

void lstmReference(const LstmArgs&, Context&, const Workspace&);
void lstmGradientReference(const LstmArgs&, Context&, const Workspace&);

extern const SimdTable<Kernel<LstmArgs>> lstmCpuTable;
extern const SimdTable<Kernel<LstmArgs>> lstmGradientCpuTable;
int64_t lstmCpuWorkspaceBytes(const LstmArgs&);
int64_t lstmGradientCpuWorkspaceBytes(const LstmArgs&);

}  // namespace vk
