#pragma once

#include "registry/recurrent.h"

namespace vk {

struct GruArgs : RecurrentArgs {
  bool linearBeforeReset;
};

void gruReference(const GruArgs&, Context&, const Workspace&);
void gruGradientReference(const GruArgs&, Context&, const Workspace&);

extern const SimdTable<Kernel<GruArgs>> gruCpuTable;
extern const SimdTable<Kernel<GruArgs>> gruGradientCpuTable;
int64_t gruCpuWorkspaceBytes(const GruArgs&);
int64_t gruGradientCpuWorkspaceBytes(const GruArgs&);

}  // namespace vk
