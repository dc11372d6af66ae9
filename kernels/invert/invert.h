#pragma once

#include "registry/registry.h"
#include "voxkern/registration.h"

namespace vk {

struct InvertArgs {
  /** x, y, z; of the inverse and of the field. */
  int64_t size[3];
  int64_t fieldSize[3];
  double indexMap[12];
  double displacementMap[9];
  int32_t iterations;
  double toleranceMm;
  vk_element_type type;
  const void* displacement;
  void* inverse;
  /** May be null. */
  vk_invert_report* report;
};

void invertReference(const InvertArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<InvertArgs>> invertCpuTable;
int64_t invertCpuWorkspaceBytes(const InvertArgs&);

}  // namespace vk
