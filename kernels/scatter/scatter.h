#pragma once

#include "gather/indexing.h"
#include "registry/registry.h"
#include "voxkern/tensor.h"

namespace vk {

struct ScatterArgs {
  Indexing indexing;
  vk_scatter_mode mode;
  vk_element_type type;
  /** Null for zeros. */
  const void* data;
  const void* updates;
  void* output;
  int64_t count;
};

void scatterReference(const ScatterArgs&, Context&, const Workspace&);
void scatterPlain(const ScatterArgs&, Context&, const Workspace&);

}  // namespace vk
