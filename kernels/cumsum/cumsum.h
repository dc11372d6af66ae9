#pragma once

#include "core/axis_split.h"
#include "registry/registry.h"
#include "voxkern/tensor.h"

namespace vk {

struct CumsumArgs {
  vk_element_type type;
  AxisSplit split;
  bool exclusive;
  bool reverse;
  const void* input;
  void* output;
};

void cumsumReference(const CumsumArgs&, Context&, const Workspace&);
void cumsumPlain(const CumsumArgs&, Context&, const Workspace&);

}  // namespace vk
