#pragma once

#include "registry/floats.h"
#include "voxkern/normalization.h"

namespace vk {

struct LocalResponseNormArgs {
  vk_element_type type;
  int64_t batch;
  int64_t channels;
  /** Elements of one channel. */
  int64_t length;
  /** Channels of a window, before and after its own. */
  int64_t before;
  int64_t after;
  double alpha;
  double beta;
  double bias;
  const void* input;
  /** Null where the function itself is wanted. */
  const void* outputGradient;
  /** The output, or the input's gradient. */
  void* output;
  int32_t threads;

  /** alpha over the size of the window. */
  double alphaEach() const { return alpha / double(before + 1 + after); }
};

void localResponseNormReference(const LocalResponseNormArgs&, Context&, const Workspace&);
void localResponseNormGradientReference(const LocalResponseNormArgs&, Context&, const Workspace&);

extern const SimdTable<Kernel<LocalResponseNormArgs>> localResponseNormCpuTable;
extern const SimdTable<Kernel<LocalResponseNormArgs>> localResponseNormGradientCpuTable;
int64_t localResponseNormGradientCpuWorkspaceBytes(const LocalResponseNormArgs&);

}  // namespace vk
