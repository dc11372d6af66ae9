#pragma once

#include "registry/registry.h"
#include "voxkern/sampling.h"

namespace vk {

/** Axes are z, y, x. `from` and `to` are input and output, or for the gradient dL/doutput and
 * dL/dinput; the sizes are always those of input and output. */
struct ResizeArgs {
  vk_element_type type;
  vk_resize_params params;
  /** Batch times channels. */
  int64_t planes;
  int64_t inSize[3];
  int64_t outSize[3];
  const void* from;
  void* to;
  int32_t threads;
};

void resizeReference(const ResizeArgs&, Context&, const Workspace&);
void resizeGradientReference(const ResizeArgs&, Context&, const Workspace&);

extern const SimdTable<Kernel<ResizeArgs>> resizeCpuTable;
extern const SimdTable<Kernel<ResizeArgs>> resizeGradientCpuTable;
int64_t resizeWorkspaceBytes(const ResizeArgs&);
int64_t resizeGradientWorkspaceBytes(const ResizeArgs&);

}  // namespace vk
