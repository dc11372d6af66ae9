#pragma once

#include "registry/floats.h"
#include "voxkern/activation.h"

namespace vk {

struct ActivationArgs {
  vk_element_type type;
  vk_activation kind;
  double alpha;
  double beta;
  int64_t count;
  const void* input;
  /** Null where the function itself is wanted. */
  const void* outputGradient;
  void* output;
};

/** Rows are the batch's channels. */
struct PreluArgs {
  vk_element_type type;
  int64_t batch;
  int64_t channels;
  /** Elements of one channel. */
  int64_t length;
  /** As many as channels, or one. */
  int64_t slopes;
  const void* input;
  const void* slope;
  /** Null where the function itself is wanted. */
  const void* outputGradient;
  /** The output or the input's gradient; the latter may be null. */
  void* output;
  void* slopeGradient;
};

void activationForwardReference(const ActivationArgs&, Context&, const Workspace&);
void activationGradientReference(const ActivationArgs&, Context&, const Workspace&);
void preluReference(const PreluArgs&, Context&, const Workspace&);
void preluGradientReference(const PreluArgs&, Context&, const Workspace&);

extern const SimdTable<Kernel<ActivationArgs>> activationForwardCpuTable;
extern const SimdTable<Kernel<ActivationArgs>> activationGradientCpuTable;
extern const SimdTable<Kernel<PreluArgs>> preluCpuTable;
extern const SimdTable<Kernel<PreluArgs>> preluGradientCpuTable;
int64_t preluGradientCpuWorkspaceBytes(const PreluArgs&);

}  // namespace vk
