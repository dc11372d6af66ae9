#pragma once

#include "registry/registry.h"
#include "voxkern/recurrent.h"

namespace vk {

/** The gates of an image are one after the other, each as large as its cells. */
struct ConvLstmArgs {
  vk_element_type type;
  int64_t batch;
  /** Channels by voxels of one image. */
  int64_t cells;
  const void* gates;
  const void* cell;
  /** Null for none. */
  const void* peepholes;
  void* newCell;
  void* hidden;
  /** Null counts as zeros. */
  const void* gradientNewCell;
  const void* gradientHidden;
  void* gradientGates;
  void* gradientCell;
  void* gradientPeepholes;
};

void convLstmReference(const ConvLstmArgs&, Context&, const Workspace&);
void convLstmGradientReference(const ConvLstmArgs&, Context&, const Workspace&);

extern const SimdTable<Kernel<ConvLstmArgs>> convLstmCpuTable;
extern const SimdTable<Kernel<ConvLstmArgs>> convLstmGradientCpuTable;

}  // namespace vk
