#pragma once

#include "registry/registry.h"
#include "voxkern/tensor.h"

namespace vk {

struct PadAxis {
  int64_t inputSize;
  int64_t outputSize;
  /** Output elements in front of the input's first; negative where that is cut off. */
  int64_t begin;
};

struct PadArgs {
  vk_pad_mode mode;
  vk_element_type type;
  /** Neighbours without padding are one axis; at least one. */
  int32_t rank;
  PadAxis axes[VK_MAX_RANK];
  uint64_t fillBits;
  /** The shorter tensor, and the padded one: read and written by the padding, the other way round
   * by its gradient. */
  void* input;
  void* output;
};

void padReference(const PadArgs&, Context&, const Workspace&);
void padPlain(const PadArgs&, Context&, const Workspace&);
void padGradientReference(const PadArgs&, Context&, const Workspace&);
void padGradientPlain(const PadArgs&, Context&, const Workspace&);
int64_t padGradientWorkspaceBytes(const PadArgs&);

}  // namespace vk
