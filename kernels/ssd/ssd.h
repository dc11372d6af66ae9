#pragma once

#include "registry/registry.h"

namespace vk {

struct SsdArgs {
  int64_t count;
  vk_element_type type;
  const void* fixed;
  const void* warped;
  /** Non-zero where a voxel counts; null when every voxel does. */
  const uint8_t* mask;
  /** dSSD/dwarped, the same shape; null when not wanted. */
  void* gradient;
  double* value;
};

void ssdReference(const SsdArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<SsdArgs>> ssdCpuTable;
int64_t ssdCpuWorkspaceBytes(const SsdArgs&);

}  // namespace vk
