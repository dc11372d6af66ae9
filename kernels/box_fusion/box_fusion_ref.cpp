#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <vector>

#include "box_fusion/box_fusion.h"
#include "nms/nms.h"
#include "registry/floats.h"

namespace vk {
namespace {

template <class T>
class Fusion {
 public:
  explicit Fusion(const BoxFusionArgs& args) : args_(args), n_(args.boxes.dimensions) {}

  void run() {
    std::vector<int64_t> order;
    for (int64_t i = 0; i < args_.boxes.count; ++i) {
      if (takesPart(i)) order.push_back(i);
    }
    std::stable_sort(order.begin(), order.end(),
                     [&](int64_t a, int64_t b) { return weighted(a) > weighted(b); });
    for (const int64_t i : order) join(i);
    std::vector<double> scores;
    for (const Cluster& cluster : clusters_) scores.push_back(score(cluster));
    std::vector<size_t> ranking(clusters_.size());
    std::iota(ranking.begin(), ranking.end(), size_t{0});
    std::stable_sort(ranking.begin(), ranking.end(),
                     [&](size_t a, size_t b) { return scores[a] > scores[b]; });
    T* const fused = static_cast<T*>(args_.fused);
    T* const fusedScores = static_cast<T*>(args_.fusedScores);
    std::fill_n(fused, args_.boxes.count * 2 * n_, T(0));
    std::fill_n(fusedScores, args_.boxes.count, T(0));
    std::fill_n(args_.best, args_.boxes.count, 0);
    std::fill_n(args_.clusterOf, args_.boxes.count, -1);
    *args_.count = int64_t(ranking.size());
    for (size_t i = 0; i < ranking.size(); ++i) {
      const Cluster& cluster = clusters_[ranking[i]];
      std::copy_n(cluster.corners, 2 * n_, fused + int64_t(i) * 2 * n_);
      fusedScores[i] = T(scores[ranking[i]]);
      args_.best[i] = cluster.members[0];
      for (const int64_t member : cluster.members) args_.clusterOf[member] = int64_t(i);
    }
  }

 private:
  struct Cluster {
    std::vector<int64_t> members;
    T corners[6];
  };

  T corner(int64_t i, int k) const {
    return static_cast<const T*>(args_.boxes.data)[i * 2 * n_ + k];
  }
  int64_t model(int64_t i) const { return args_.models == nullptr ? 0 : args_.models[i]; }
  T weighted(int64_t i) const {
    return T(double(static_cast<const T*>(args_.scores)[i]) * args_.modelWeights[model(i)]);
  }

  bool takesPart(int64_t i) const {
    if (!(double(static_cast<const T*>(args_.scores)[i]) > args_.scoreThreshold)) return false;
    if (std::isinf(weighted(i)) && weighted(i) < 0) return false;
    for (int axis = 0; axis < n_; ++axis) {
      if (!(std::abs(corner(i, axis)) <= T(kNmsLargestCoordinate))) return false;
      if (!(std::abs(corner(i, n_ + axis)) <= T(kNmsLargestCoordinate))) return false;
      if (!(corner(i, n_ + axis) - corner(i, axis) >= T(kNmsLeastExtent))) return false;
    }
    return true;
  }

  /** The contract says this arithmetic to the rounding. */
  T iou(const T* fused, int64_t i) const {
    T common = 1, volume = 1, fusedVolume = 1;
    for (int axis = 0; axis < n_; ++axis) {
      // Not a number where infinite scores were averaged.
      if (!(fused[axis] <= fused[n_ + axis])) return 0;
      common *= std::max(
          std::min(corner(i, n_ + axis), fused[n_ + axis]) - std::max(corner(i, axis), fused[axis]),
          T(0));
      volume *= corner(i, n_ + axis) - corner(i, axis);
      fusedVolume *= fused[n_ + axis] - fused[axis];
    }
    return common / (volume + fusedVolume - common);
  }

  void join(int64_t i) {
    T most = T(args_.iouThreshold);
    Cluster* found = nullptr;
    for (Cluster& cluster : clusters_) {
      const int64_t best = cluster.members[0];
      if (args_.classes != nullptr && args_.classes[best] != args_.classes[i]) continue;
      const T overlap = iou(cluster.corners, i);
      if (!(overlap > most)) continue;
      most = overlap;
      found = &cluster;
    }
    if (found == nullptr) {
      clusters_.emplace_back();
      found = &clusters_.back();
    }
    found->members.push_back(i);
    const double sum = scoreSum(*found);
    for (int k = 0; k < 2 * n_; ++k) {
      double corners = 0;
      for (const int64_t member : found->members) {
        corners += double(weighted(member)) * double(corner(member, k));
      }
      found->corners[k] =
          found->members.size() > 1 && sum > 0 ? T(corners / sum) : corner(found->members[0], k);
    }
  }

  double scoreSum(const Cluster& cluster) const {
    double sum = 0;
    for (const int64_t member : cluster.members) sum += double(weighted(member));
    return sum;
  }

  double score(const Cluster& cluster) const {
    double all = 0, greatest = 0, boxes = 0, present = 0;
    std::set<int64_t> models;
    for (int64_t m = 0; m < args_.modelCount; ++m) {
      all += args_.modelWeights[m];
      greatest = std::max(greatest, args_.modelWeights[m]);
    }
    for (const int64_t member : cluster.members) {
      boxes += args_.modelWeights[model(member)];
      if (models.insert(model(member)).second) present += args_.modelWeights[model(member)];
    }
    const double sum = scoreSum(cluster);
    const double size = double(cluster.members.size());
    switch (args_.kind) {
      case VK_BOX_FUSION_AVERAGE:
        return sum / size * std::min(size, double(args_.modelCount)) / all;
      case VK_BOX_FUSION_SUM:
        return sum / all;
      case VK_BOX_FUSION_MAX:
        return double(weighted(cluster.members[0])) / greatest;
      case VK_BOX_FUSION_BOX_AND_MODEL_AVERAGE:
        return sum / boxes * (present / all);
      default:
        return sum / (boxes + (all - present));
    }
  }

  const BoxFusionArgs& args_;
  int n_;
  std::vector<Cluster> clusters_;
};

}  // namespace

void boxFusionReference(const BoxFusionArgs& args, Context&, const Workspace&) {
  withFloats(args.boxes.type, [&](auto type) { Fusion<decltype(type)>(args).run(); });
}

}  // namespace vk
