#pragma once

#include "core/axis_split.h"
#include "registry/registry.h"
#include "voxkern/tensor.h"

namespace vk {

struct TopKArgs {
  vk_element_type type;
  AxisSplit split;
  int64_t k;
  bool largest;
  /** Threads of the context: as many columns may be looked at at once. */
  int32_t threads;
  const void* input;
  void* values;
  int64_t* indices;
};

void topKReference(const TopKArgs&, Context&, const Workspace&);
void topKPlain(const TopKArgs&, Context&, const Workspace&);
int64_t topKWorkspaceBytes(const TopKArgs&);

}  // namespace vk
