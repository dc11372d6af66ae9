#pragma once

#include "registry/floats.h"
#include "voxkern/training.h"

namespace vk {

/** g = gradient + decay w; v = momentum v + share g; w -= rate (v, or g + momentum v with nesterov,
 * or g where there is no v). */
struct OptimizerStepSgdArgs {
  vk_element_type type;
  int64_t count;
  const void* gradient;
  void* parameter;
  /** Null where there is no momentum. */
  void* velocity;
  bool nesterov;
  double decay;
  double momentum;
  double share;
  double rate;
};

/** g = gradient + decay w; m = beta1 m + share1 g; s = beta2 s + share2 g g; w = shrink w - rate m
 * / (unbias sqrt(s) + epsilon). */
struct OptimizerStepAdamArgs {
  vk_element_type type;
  int64_t count;
  const void* gradient;
  void* parameter;
  void* mean;
  void* square;
  double decay;
  double shrink;
  double beta1;
  double share1;
  double beta2;
  double share2;
  double unbias;
  double epsilon;
  double rate;
};

void optimizerStepSgdReference(const OptimizerStepSgdArgs&, Context&, const Workspace&);
void optimizerStepAdamReference(const OptimizerStepAdamArgs&, Context&, const Workspace&);

extern const SimdTable<Kernel<OptimizerStepSgdArgs>> optimizerStepSgdCpuTable;
extern const SimdTable<Kernel<OptimizerStepAdamArgs>> optimizerStepAdamCpuTable;

}  // namespace vk
