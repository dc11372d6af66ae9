#include "box_clustering/box_clustering_merge.h"

#include <algorithm>

#include "nms/box_overlap.h"

namespace vk {
namespace {

struct Merged {
  double score;
  double corners[6];
};

double optional(const void* values, int64_t index) {
  return values == nullptr ? 1 : static_cast<double>(static_cast<const float*>(values)[index]);
}

int64_t differentSources(const BoxClusteringArgs& args, const BoxOrder& order,
                         const int32_t* members, int64_t size, int64_t* sources) {
  if (args.sources == nullptr) return size;
  for (int64_t i = 0; i < size; ++i) sources[i] = args.sources[order.boxOfRank(members[i])];
  std::sort(sources, sources + size);
  return std::unique(sources, sources + size) - sources;
}

Merged merge(const BoxClusteringArgs& args, const BoxOrder& order, const int32_t* members,
             int64_t size, int64_t* sources) {
  const int32_t dimensions = args.boxes.dimensions;
  const auto boxAt = [&](int64_t box) {
    return static_cast<const float*>(args.boxes.data) + box * 2 * dimensions;
  };
  // The best box has the lowest rank, and members rise in rank.
  const float* const best = boxAt(order.boxOfRank(members[0]));
  double weightSum = 0, scoreSum = 0, coverageSum = 0;
  Merged merged{0, {}};
  for (int64_t m = 0; m < size; ++m) {
    const int64_t index = order.boxOfRank(members[m]);
    const float* const box = boxAt(index);
    const double weight =
        boxIou(best, box, dimensions) * boxVolume(box, dimensions) * optional(args.weights, index);
    const double weighted =
        static_cast<double>(static_cast<const float*>(args.scores)[index]) * weight;
    weightSum += weight;
    scoreSum += weighted;
    coverageSum += optional(args.coverage, index);
    for (int32_t k = 0; k < 2 * dimensions; ++k) {
      merged.corners[k] += weighted * static_cast<double>(box[k]);
    }
  }
  const double count = static_cast<double>(size);
  const double contributed =
      static_cast<double>(differentSources(args, order, members, size, sources));
  const double missing = std::max(0.0, args.ensemble * (coverageSum / count) - contributed);
  merged.score = scoreSum / (weightSum + missing * (weightSum / count));
  for (int32_t k = 0; k < 2 * dimensions; ++k) {
    merged.corners[k] = scoreSum > 0 ? merged.corners[k] / scoreSum : static_cast<double>(best[k]);
  }
  return merged;
}

}  // namespace

BoxClusteringMemory::BoxClusteringMemory(WorkspaceLayout& layout, int64_t boxes)
    : leader(layout.take<int32_t>(boxes)),
      members(layout.take<int32_t>(boxes)),
      end(layout.take<int32_t>(boxes)),
      sources(layout.take<int64_t>(boxes)) {}

void mergeClusters(const BoxClusteringArgs& args, const BoxOrder& order,
                   const BoxClusteringMemory& memory) {
  const int64_t ranks = order.count();
  std::fill_n(memory.end, ranks, 0);
  for (int64_t rank = 0; rank < ranks; ++rank) {
    if (memory.leader[rank] >= 0) ++memory.end[memory.leader[rank]];
  }
  int32_t sum = 0;
  for (int64_t rank = 0; rank < ranks; ++rank) {
    const int32_t size = memory.end[rank];
    memory.end[rank] = sum;
    sum += size;
  }
  for (int64_t rank = 0; rank < ranks; ++rank) {
    const int32_t leader = memory.leader[rank];
    if (leader >= 0) memory.members[memory.end[leader]++] = static_cast<int32_t>(rank);
  }

  const int64_t corners = 2 * args.boxes.dimensions;
  float* const clusters = static_cast<float*>(args.clusters);
  float* const scores = static_cast<float*>(args.clusterScores);
  std::fill_n(args.clusterOf, args.boxes.count, int64_t{-1});
  int64_t count = 0;
  for (int64_t rank = 0, begin = 0; rank < ranks; begin = memory.end[rank++]) {
    const int64_t size = memory.end[rank] - begin;
    if (size == 0) continue;
    const int32_t* const members = memory.members + begin;
    const Merged merged = merge(args, order, members, size, memory.sources);
    if (!(merged.score > args.leastClusterScore)) continue;
    for (int64_t k = 0; k < corners; ++k) {
      clusters[count * corners + k] = static_cast<float>(merged.corners[k]);
    }
    scores[count] = static_cast<float>(merged.score);
    args.best[count] = order.boxOfRank(rank);
    for (int64_t m = 0; m < size; ++m) args.clusterOf[order.boxOfRank(members[m])] = count;
    ++count;
  }
  *args.count = count;
  std::fill(clusters + count * corners, clusters + args.boxes.count * corners, 0.0f);
  std::fill(scores + count, scores + args.boxes.count, 0.0f);
  std::fill(args.best + count, args.best + args.boxes.count, int64_t{0});
}

}  // namespace vk
