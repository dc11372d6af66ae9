#pragma once

#include "registry/boxes.h"

namespace vk {

struct BoxClusteringArgs {
  Boxes boxes;
  const void* scores;
  /** Each of the next four may be null. */
  const int64_t* classes;
  const int64_t* sources;
  const void* weights;
  const void* coverage;
  double iouThreshold;
  double scoreThreshold;
  double leastClusterScore;
  double ensemble;
  void* clusters;
  void* clusterScores;
  int64_t* best;
  int64_t* clusterOf;
  int64_t* count;
};

void boxClusteringReference(const BoxClusteringArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<BoxClusteringArgs>> boxClusteringCpuTable;
int64_t boxClusteringCpuWorkspaceBytes(const BoxClusteringArgs&);

}  // namespace vk
