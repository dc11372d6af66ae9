#pragma once

#include "registry/registry.h"
#include "voxkern/tensor.h"

namespace vk {

/** Indices (outer, inner), output (outer, depth, inner). */
struct OneHotArgs {
  vk_element_type indexType;
  int64_t elementBytes;
  int64_t outer;
  int64_t depth;
  int64_t inner;
  uint64_t onBits;
  uint64_t offBits;
  const void* indices;
  void* output;
};

void oneHotReference(const OneHotArgs&, Context&, const Workspace&);
void oneHotPlain(const OneHotArgs&, Context&, const Workspace&);

}  // namespace vk
