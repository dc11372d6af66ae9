#pragma once

#include "registry/boxes.h"

namespace vk {

struct SoftNmsArgs {
  Boxes boxes;
  const void* scores;
  /** Null where all boxes are of one class. */
  const int64_t* classes;
  vk_soft_nms_decay decay;
  double iouThreshold;
  double sigma;
  double scoreThreshold;
  int64_t* kept;
  void* keptScores;
  /** Elements of `kept`. */
  int64_t capacity;
  int64_t* count;
};

void softNmsReference(const SoftNmsArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<SoftNmsArgs>> softNmsCpuTable;
int64_t softNmsCpuWorkspaceBytes(const SoftNmsArgs&);

}  // namespace vk
