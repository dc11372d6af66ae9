#pragma once

#include "registry/registry.h"
#include "voxkern/image.h"

namespace vk {

struct HistogramArgs {
  int64_t count;
  vk_element_type type;
  const void* image;
  /** Non-zero where a voxel counts; null when every voxel does. */
  const uint8_t* mask;
  double low;
  double high;
  int64_t bins;
  /** Below the range, in each bin, above the range. */
  int64_t* counts;
};

void histogramReference(const HistogramArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<HistogramArgs>> histogramCpuTable;
int64_t histogramCpuWorkspaceBytes(const HistogramArgs&);

}  // namespace vk
