#pragma once

#include "registry/registry.h"
#include "voxkern/tensor.h"

namespace vk {

struct TriluArgs {
  int64_t elementBytes;
  int64_t matrices;
  int64_t rows;
  int64_t columns;
  bool upper;
  int64_t diagonal;
  const void* input;
  void* output;
};

void triluReference(const TriluArgs&, Context&, const Workspace&);
void triluPlain(const TriluArgs&, Context&, const Workspace&);

}  // namespace vk
