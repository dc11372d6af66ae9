// The clusters of box_fusion: what the kernel keeps of each, and their results. The latter is plain
// C++, once for all instruction sets.
#pragma once

#include "box_fusion/box_fusion.h"
#include "nms/box_order.h"

namespace vk {

struct FusionCluster {
  /** Of the weighted scores of its members, and of these times the corners. */
  double scoreSum;
  double cornerSums[6];
  double greatestScore;
  int32_t size;
  /** Ranks of its best and its latest member. */
  int32_t first;
  int32_t last;
};

/** The k-th corner of the fused box; of one box, or where the scores sum to nothing, the best's. */
inline float fusedCorner(const FusionCluster& cluster, int64_t k, const float* best) {
  return cluster.size > 1 && cluster.scoreSum > 0
             ? static_cast<float>(cluster.cornerSums[k] / cluster.scoreSum)
             : best[k];
}

struct FusionResult {
  double score;
  int32_t first;
  /** Where its cluster is. */
  int32_t place;
};

struct BoxFusionMemory {
  BoxFusionMemory(WorkspaceLayout& layout, const BoxFusionArgs& args);

  /** By box: its score times its model's weight, NaN where it takes no part. */
  float* scores;
  /** A class's clusters are at the places of its members, as many as it has. */
  FusionCluster* clusters;
  int32_t* clustersOfClass;
  /** By rank: the next member of its cluster, or -1. */
  int32_t* next;
  /** By model: the latest cluster that has been found to hold a box of it. */
  int32_t* latest;
  FusionResult* results;
};

/** Fills the weighted scores. */
void weighScores(const BoxFusionArgs& args, const BoxFusionMemory& memory);
/** Writes all results, from the clusters. */
void writeFused(const BoxFusionArgs& args, const BoxOrder& order, const BoxFusionMemory& memory);

}  // namespace vk
