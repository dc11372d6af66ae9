#pragma once

#include "core/axis_split.h"
#include "registry/registry.h"
#include "voxkern/tensor.h"

namespace vk {

struct ArgReduceArgs {
  vk_element_type type;
  AxisSplit split;
  bool largest;
  /** Of equal ones the last, not the first. */
  bool selectLast;
  const void* input;
  int64_t* output;
};

void argReduceReference(const ArgReduceArgs&, Context&, const Workspace&);
void argReducePlain(const ArgReduceArgs&, Context&, const Workspace&);

}  // namespace vk
