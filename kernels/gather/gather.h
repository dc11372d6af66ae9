#pragma once

#include "gather/indexing.h"
#include "registry/registry.h"
#include "voxkern/tensor.h"

namespace vk {

struct GatherArgs {
  Indexing indexing;
  int64_t elementBytes;
  const void* data;
  void* output;
};

void gatherReference(const GatherArgs&, Context&, const Workspace&);
void gatherPlain(const GatherArgs&, Context&, const Workspace&);

}  // namespace vk
