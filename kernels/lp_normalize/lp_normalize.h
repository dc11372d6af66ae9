#pragma once

#include "registry/axis.h"
#include "voxkern/normalization.h"

namespace vk {

struct LpNormalizeArgs {
  vk_element_type type;
  AxisSizes sizes;
  /** 1 or 2. */
  int32_t p;
  double epsilon;
  const void* input;
  /** Null where the function itself is wanted. */
  const void* outputGradient;
  /** The output, or the input's gradient. */
  void* output;
};

/** Either of the two: the arguments say which. */
void lpNormalizeReference(const LpNormalizeArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<LpNormalizeArgs>> lpNormalizeCpuTable;

}  // namespace vk
