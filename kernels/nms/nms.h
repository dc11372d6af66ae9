#pragma once

#include "registry/boxes.h"
#include "voxkern/detection.h"

namespace vk {

/** A box takes part in the comparison where no coordinate is larger than this in magnitude ... */
constexpr double kNmsLargestCoordinate = 0x1p40;
/** ... and no extent is smaller than this: products of extents neither overflow nor underflow. */
constexpr double kNmsLeastExtent = 0x1p-40;

struct NmsArgs {
  Boxes boxes;
  const void* scores;
  /** Null where all boxes are of one class. */
  const int64_t* classes;
  double iouThreshold;
  double scoreThreshold;
  /** Most boxes to keep of a class. */
  int64_t mostOfClass;
  int64_t* kept;
  /** Elements of `kept`. */
  int64_t capacity;
  int64_t* count;
};

void nmsReference(const NmsArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<NmsArgs>> nmsCpuTable;
int64_t nmsCpuWorkspaceBytes(const NmsArgs&);

}  // namespace vk
