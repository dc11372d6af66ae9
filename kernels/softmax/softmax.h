#pragma once

#include "registry/axis.h"
#include "voxkern/normalization.h"

namespace vk {

struct SoftmaxArgs {
  vk_element_type type;
  AxisSizes sizes;
  bool logarithm;
  /** The input, or of the gradient the output. */
  const void* input;
  /** Null where the function itself is wanted. */
  const void* outputGradient;
  /** The output, or the input's gradient. */
  void* output;
};

void softmaxReference(const SoftmaxArgs&, Context&, const Workspace&);
void softmaxGradientReference(const SoftmaxArgs&, Context&, const Workspace&);

extern const SimdTable<Kernel<SoftmaxArgs>> softmaxCpuTable;
extern const SimdTable<Kernel<SoftmaxArgs>> softmaxGradientCpuTable;

}  // namespace vk
