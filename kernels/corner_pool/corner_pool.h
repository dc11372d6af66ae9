#pragma once

#include "registry/registry.h"
#include "voxkern/roi.h"

namespace vk {

struct CornerArgs {
  vk_element_type type;
  /** Lines along the axis: `outer` times `inner` of them, `length` values each, `inner` apart. */
  int64_t outer;
  int64_t length;
  int64_t inner;
  /** The running maximum begins at the line's last value. */
  bool fromEnd;
};

struct CornerPoolArgs : CornerArgs {
  const void* input;
  void* output;
};

struct CornerPoolGradientArgs : CornerArgs {
  const void* input;
  const void* upstream;
  void* gradient;
};

void cornerPoolReference(const CornerPoolArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<CornerPoolArgs>> cornerPoolCpuTable;

void cornerPoolGradientReference(const CornerPoolGradientArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<CornerPoolGradientArgs>> cornerPoolGradientCpuTable;

}  // namespace vk
