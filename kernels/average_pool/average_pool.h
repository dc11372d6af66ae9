#pragma once

#include "pool/pool_window.h"
#include "voxkern/pooling.h"

namespace vk {

struct AverageArgs : PoolArgs {
  vk_pool_divisor divisor;
  double given;
};

/** What an axis has to do with the divisor of an output: a factor, unless it is given. */
inline int64_t averageTaps(const AverageArgs& args, int axis, int64_t output) {
  const PoolWindow& window = args.window;
  const int64_t size = args.inSize[axis];
  if (args.divisor == VK_POOL_DIVISOR_GIVEN) return 1;
  if (args.divisor == VK_POOL_DIVISOR_PADDED) {
    return poolTaps(window, axis, output, size + window.paddingEnd[axis]).end;
  }
  const Range taps = poolTaps(window, axis, output, size);
  // A window without a voxel has the mean 0.
  return taps.begin < taps.end ? taps.end - taps.begin : 1;
}

struct AveragePoolArgs : AverageArgs {
  const void* input;
  void* output;
};

struct AveragePoolGradientArgs : AverageArgs {
  const void* upstream;
  void* gradient;
};

void averagePoolReference(const AveragePoolArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<AveragePoolArgs>> averagePoolCpuTable;
int64_t averagePoolCpuWorkspaceBytes(const AveragePoolArgs&);

void averagePoolGradientReference(const AveragePoolGradientArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<AveragePoolGradientArgs>> averagePoolGradientCpuTable;
int64_t averagePoolGradientCpuWorkspaceBytes(const AveragePoolGradientArgs&);

}  // namespace vk
