#pragma once

#include "registry/boxes.h"

namespace vk {

struct AnchorsArgs {
  vk_element_type type;
  int32_t dimensions;
  /** Boxes at each place. */
  int64_t shapes;
  const void* extents;
  /** Along x, y, z. */
  int64_t grid[3];
  double stride[3];
  double offset[3];
  void* anchors;
};

void anchorsReference(const AnchorsArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<AnchorsArgs>> anchorsCpuTable;

}  // namespace vk
