#pragma once

#include "registry/registry.h"
#include "voxkern/pooling.h"

namespace vk {

struct UnpoolArgs {
  vk_element_type type;
  /** Images times channels. */
  int64_t volumes;
  /** Voxels of a volume. */
  int64_t pooled;
  int64_t unpooled;
  const int64_t* indices;
};

struct MaxUnpoolArgs : UnpoolArgs {
  const void* input;
  void* output;
};

struct MaxUnpoolGradientArgs : UnpoolArgs {
  const void* upstream;
  void* gradient;
};

void maxUnpoolReference(const MaxUnpoolArgs&, Context&, const Workspace&);
void maxUnpoolCpu(const MaxUnpoolArgs&, Context&, const Workspace&);

void maxUnpoolGradientReference(const MaxUnpoolGradientArgs&, Context&, const Workspace&);
void maxUnpoolGradientCpu(const MaxUnpoolGradientArgs&, Context&, const Workspace&);

}  // namespace vk
