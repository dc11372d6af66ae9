#include "box_fusion/box_fusion_clusters.h"

#include <algorithm>
#include <limits>

#include "nms/box_overlap.h"

namespace vk {
namespace {

int64_t modelOf(const BoxFusionArgs& args, int64_t box) {
  return args.models == nullptr ? 0 : args.models[box];
}

/** Weights of a cluster's boxes, and of the different models that made them. */
struct Weights {
  double boxes = 0;
  double models = 0;
};

Weights weightsOf(const BoxFusionArgs& args, const BoxOrder& order, const BoxFusionMemory& memory,
                  const FusionCluster& cluster) {
  Weights weights;
  for (int32_t rank = cluster.first; rank >= 0; rank = memory.next[rank]) {
    const int64_t model = modelOf(args, order.boxOfRank(rank));
    weights.boxes += args.modelWeights[model];
    if (memory.latest[model] == cluster.first) continue;
    memory.latest[model] = cluster.first;
    weights.models += args.modelWeights[model];
  }
  return weights;
}

/** Of all models. */
struct Models {
  double weight = 0;
  double greatest = 0;

  explicit Models(const BoxFusionArgs& args) {
    for (int64_t model = 0; model < args.modelCount; ++model) {
      weight += args.modelWeights[model];
      greatest = std::max(greatest, args.modelWeights[model]);
    }
  }
};

double scoreOf(const BoxFusionArgs& args, const BoxOrder& order, const BoxFusionMemory& memory,
               const Models& models, const FusionCluster& cluster) {
  const double size = static_cast<double>(cluster.size);
  switch (args.kind) {
    case VK_BOX_FUSION_AVERAGE:
      return cluster.scoreSum / size * std::min(size, static_cast<double>(args.modelCount)) /
             models.weight;
    case VK_BOX_FUSION_SUM:
      return cluster.scoreSum / models.weight;
    case VK_BOX_FUSION_MAX:
      return cluster.greatestScore / models.greatest;
    default: {
      const Weights weights = weightsOf(args, order, memory, cluster);
      if (args.kind == VK_BOX_FUSION_BOX_AND_MODEL_AVERAGE) {
        return cluster.scoreSum / weights.boxes * (weights.models / models.weight);
      }
      return cluster.scoreSum / (weights.boxes + (models.weight - weights.models));
    }
  }
}

}  // namespace

BoxFusionMemory::BoxFusionMemory(WorkspaceLayout& layout, const BoxFusionArgs& args)
    : scores(layout.take<float>(args.boxes.count)),
      clusters(layout.take<FusionCluster>(args.boxes.count)),
      clustersOfClass(layout.take<int32_t>(args.boxes.count + 1)),
      next(layout.take<int32_t>(args.boxes.count)),
      latest(layout.take<int32_t>(args.modelCount)),
      results(layout.take<FusionResult>(args.boxes.count)) {}

void weighScores(const BoxFusionArgs& args, const BoxFusionMemory& memory) {
  const float* const boxes = static_cast<const float*>(args.boxes.data);
  for (int64_t i = 0; i < args.boxes.count; ++i) {
    const float score = static_cast<const float*>(args.scores)[i];
    const bool takesPart =
        static_cast<double>(score) > args.scoreThreshold &&
        isComparable(boxes + i * 2 * args.boxes.dimensions, args.boxes.dimensions);
    memory.scores[i] =
        takesPart
            ? static_cast<float>(static_cast<double>(score) * args.modelWeights[modelOf(args, i)])
            : std::numeric_limits<float>::quiet_NaN();
  }
}

void writeFused(const BoxFusionArgs& args, const BoxOrder& order, const BoxFusionMemory& memory) {
  const Models models(args);
  std::fill_n(memory.latest, args.modelCount, -1);
  int64_t count = 0;
  for (int64_t index = 0; index < order.classCount(); ++index) {
    const int64_t begin = order.membersOf(index).begin;
    for (int64_t place = begin; place < begin + memory.clustersOfClass[index]; ++place) {
      const FusionCluster& cluster = memory.clusters[place];
      memory.results[count++] = {scoreOf(args, order, memory, models, cluster), cluster.first,
                                 static_cast<int32_t>(place)};
    }
  }
  std::sort(memory.results, memory.results + count,
            [](const FusionResult& a, const FusionResult& b) {
              return a.score > b.score || (a.score == b.score && a.first < b.first);
            });
  const int64_t corners = 2 * args.boxes.dimensions;
  float* const fused = static_cast<float*>(args.fused);
  float* const scores = static_cast<float*>(args.fusedScores);
  std::fill_n(args.clusterOf, args.boxes.count, int64_t{-1});
  for (int64_t i = 0; i < count; ++i) {
    const FusionResult& result = memory.results[i];
    const FusionCluster& cluster = memory.clusters[result.place];
    const int64_t best = order.boxOfRank(cluster.first);
    const float* const box = static_cast<const float*>(args.boxes.data) + best * corners;
    for (int64_t k = 0; k < corners; ++k) {
      fused[i * corners + k] = fusedCorner(cluster, k, box);
    }
    scores[i] = static_cast<float>(result.score);
    args.best[i] = best;
    for (int32_t rank = cluster.first; rank >= 0; rank = memory.next[rank]) {
      args.clusterOf[order.boxOfRank(rank)] = i;
    }
  }
  *args.count = count;
  std::fill(fused + count * corners, fused + args.boxes.count * corners, 0.0f);
  std::fill(scores + count, scores + args.boxes.count, 0.0f);
  std::fill(args.best + count, args.best + args.boxes.count, int64_t{0});
}

}  // namespace vk
