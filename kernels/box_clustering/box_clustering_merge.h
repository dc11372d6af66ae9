// Merges the boxes of each cluster; plain C++, once for all instruction sets.
#pragma once

#include "box_clustering/box_clustering.h"
#include "nms/box_order.h"

namespace vk {

struct BoxClusteringMemory {
  BoxClusteringMemory(WorkspaceLayout& layout, int64_t boxes);

  /** By rank: the rank of the best box of its cluster; -1 where the box takes no part. */
  int32_t* leader;
  /** Ranks, cluster by cluster. */
  int32_t* members;
  /** By rank of the best box: where its members end. */
  int32_t* end;
  /** Sources of one cluster's members. */
  int64_t* sources;
};

/** Writes all results from the leaders. */
void mergeClusters(const BoxClusteringArgs& args, const BoxOrder& order,
                   const BoxClusteringMemory& memory);

}  // namespace vk
