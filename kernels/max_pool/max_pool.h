#pragma once

#include "pool/pool_window.h"
#include "voxkern/pooling.h"

namespace vk {

struct MaxPoolArgs : PoolArgs {
  const void* input;
  void* output;
  /** Within the volume; null when not wanted. */
  int64_t* indices;
};

struct MaxPoolGradientArgs : PoolArgs {
  /** Null where the indices are given. */
  const void* input;
  const int64_t* indices;
  const void* upstream;
  void* gradient;
};

/** Floats of scratch memory to find indices with. */
inline int64_t maxPoolFinderFloats(const PoolArgs& args) { return 2 * poolRowFloats(args); }
/** The same for one task of the gradient. */
int64_t maxPoolGradientScratchFloats(const MaxPoolGradientArgs&);

void maxPoolReference(const MaxPoolArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<MaxPoolArgs>> maxPoolCpuTable;
int64_t maxPoolCpuWorkspaceBytes(const MaxPoolArgs&);

void maxPoolGradientReference(const MaxPoolGradientArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<MaxPoolGradientArgs>> maxPoolGradientCpuTable;
int64_t maxPoolGradientCpuWorkspaceBytes(const MaxPoolGradientArgs&);

}  // namespace vk
