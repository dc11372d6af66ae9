#pragma once

#include "registry/boxes.h"
#include "voxkern/detection.h"

namespace vk {

struct BoxFusionArgs {
  Boxes boxes;
  const void* scores;
  /** Either may be null. */
  const int64_t* classes;
  const int64_t* models;
  const double* modelWeights;
  int64_t modelCount;
  vk_box_fusion_score kind;
  double iouThreshold;
  double scoreThreshold;
  void* fused;
  void* fusedScores;
  int64_t* best;
  int64_t* clusterOf;
  int64_t* count;
};

/** Throws what is said of a box whose model is not there. */
[[noreturn]] inline void refuseModel(const BoxFusionArgs& args, int64_t box, int64_t model) {
  invalidArgument("box_fusion: box %lld is by model %lld of %lld", static_cast<long long>(box),
                  static_cast<long long>(model), static_cast<long long>(args.modelCount));
}

void boxFusionReference(const BoxFusionArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<BoxFusionArgs>> boxFusionCpuTable;
int64_t boxFusionCpuWorkspaceBytes(const BoxFusionArgs&);

}  // namespace vk
