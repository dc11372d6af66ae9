#pragma once

#include "registry/registry.h"
#include "voxkern/registration.h"

namespace vk {

struct ComposeArgs {
  /** x, y, z; of the output and the second field, and of the first. */
  int64_t size[3];
  int64_t firstSize[3];
  /** True: the first field is zero outside its grid; false: its border continues. */
  bool zeroOutside;
  double indexMap[12];
  double displacementMap[9];
  vk_element_type type;
  const void* first;
  const void* second;
  void* composed;
};

void composeReference(const ComposeArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<ComposeArgs>> composeCpuTable;
int64_t composeCpuWorkspaceBytes(const ComposeArgs&);

}  // namespace vk
