#pragma once

#include "pool/pool_window.h"
#include "voxkern/pooling.h"

namespace vk {

struct LpPoolArgs : PoolArgs {
  double p;
  const void* input;
  void* output;
};

struct LpPoolGradientArgs : PoolArgs {
  double p;
  const void* input;
  /** What the pool made of the input. */
  const void* output;
  const void* upstream;
  void* gradient;
};

void lpPoolReference(const LpPoolArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<LpPoolArgs>> lpPoolCpuTable;
int64_t lpPoolCpuWorkspaceBytes(const LpPoolArgs&);

void lpPoolGradientReference(const LpPoolGradientArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<LpPoolGradientArgs>> lpPoolGradientCpuTable;
int64_t lpPoolGradientCpuWorkspaceBytes(const LpPoolGradientArgs&);

}  // namespace vk
