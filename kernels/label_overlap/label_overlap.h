#pragma once

#include "registry/registry.h"
#include "voxkern/image.h"

namespace vk {

struct LabelOverlapArgs {
  int64_t count;
  vk_element_type typeA;
  const void* a;
  vk_element_type typeB;
  const void* b;
  int64_t firstLabel;
  int64_t labels;
  /** (3, labels): voxels that have the label in a, in b, in both. */
  int64_t* counts;
  vk_label_overlap_rest* rest;
};

void labelOverlapReference(const LabelOverlapArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<LabelOverlapArgs>> labelOverlapCpuTable;
int64_t labelOverlapCpuWorkspaceBytes(const LabelOverlapArgs&);

}  // namespace vk
