#pragma once

#include "registry/registry.h"
#include "voxkern/image.h"

namespace vk {

struct ConvertArgs {
  int64_t count;
  vk_element_type inputType;
  const void* input;
  vk_element_type outputType;
  void* output;
  double scale;
  double offset;
};

void convertReference(const ConvertArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<ConvertArgs>> convertCpuTable;

}  // namespace vk
