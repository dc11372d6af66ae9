#pragma once

#include "registry/floats.h"
#include "voxkern/normalization.h"

namespace vk {

struct DropoutArgs {
  vk_element_type type;
  /** Draws, and the elements that each decides on. */
  int64_t draws;
  int64_t length;
  /** A draw below this of 2^32 drops. */
  uint64_t threshold;
  /** Of what stays. */
  double scale;
  uint64_t seed;
  uint64_t sequence;
  /** The input, or the output's gradient. */
  const void* input;
  void* output;
  /** Written; read by the gradient. */
  uint8_t* mask;
};

void dropoutReference(const DropoutArgs&, Context&, const Workspace&);
void dropoutGradientReference(const DropoutArgs&, Context&, const Workspace&);

extern const SimdTable<Kernel<DropoutArgs>> dropoutCpuTable;
extern const SimdTable<Kernel<DropoutArgs>> dropoutGradientCpuTable;

}  // namespace vk
