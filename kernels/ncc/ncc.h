#pragma once

#include "registry/registry.h"

namespace vk {

struct NccArgs {
  int64_t count;
  vk_element_type type;
  const void* fixed;
  const void* warped;
  /** Non-zero where a voxel counts; null when every voxel does. */
  const uint8_t* mask;
  /** dNCC/dwarped, the same shape; null when not wanted. */
  void* gradient;
  double* value;
};

void nccReference(const NccArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<NccArgs>> nccCpuTable;
int64_t nccCpuWorkspaceBytes(const NccArgs&);

}  // namespace vk
