#pragma once

#include "registry/boxes.h"
#include "voxkern/detection.h"

namespace vk {

/** A box with a coordinate beyond this in magnitude, or one that is NaN, gives NaN: no volume, sum
 * of volumes or hull overflows within. */
constexpr double kLargestBoxCoordinate = 0x1p40;

struct BoxIouArgs {
  Boxes a;
  Boxes b;
  vk_box_overlap kind;
  void* overlap;
};

struct BoxIouGradientArgs {
  Boxes a;
  Boxes b;
  vk_box_overlap kind;
  const void* gradientOverlap;
  /** Either may be null. */
  void* gradientA;
  void* gradientB;
};

void boxIouReference(const BoxIouArgs&, Context&, const Workspace&);
void boxIouPairedReference(const BoxIouArgs&, Context&, const Workspace&);
void boxIouGradientReference(const BoxIouGradientArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<BoxIouArgs>> boxIouCpuTable;
extern const SimdTable<Kernel<BoxIouArgs>> boxIouPairedCpuTable;
extern const SimdTable<Kernel<BoxIouGradientArgs>> boxIouGradientCpuTable;
int64_t boxIouCpuWorkspaceBytes(const BoxIouArgs&);

}  // namespace vk
