#pragma once

#include "registry/registry.h"
#include "voxkern/image.h"

namespace vk {

struct StatisticsArgs {
  /** The last two sizes, and the product of the others. */
  int64_t depth;
  int64_t height;
  int64_t width;
  vk_element_type type;
  const void* image;
  /** Non-zero where a voxel counts; null when every voxel does. */
  const uint8_t* mask;
  /** NaN when the least counted value is the floor. */
  double weightFloor;
  vk_statistics_values* values;
};

void statisticsReference(const StatisticsArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<StatisticsArgs>> statisticsCpuTable;
int64_t statisticsCpuWorkspaceBytes(const StatisticsArgs&);

}  // namespace vk
