#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "box_clustering/box_clustering.h"
#include "nms/nms.h"

namespace vk {
namespace {

template <class T>
class Clustering {
 public:
  explicit Clustering(const BoxClusteringArgs& args) : args_(args), n_(args.boxes.dimensions) {}

  void run() {
    std::fill_n(args_.clusterOf, args_.boxes.count, -1);
    std::vector<int64_t> order;
    for (int64_t i = 0; i < args_.boxes.count; ++i) {
      if (double(score(i)) > args_.scoreThreshold && comparable(i)) order.push_back(i);
    }
    std::stable_sort(order.begin(), order.end(),
                     [&](int64_t a, int64_t b) { return score(a) > score(b); });
    int64_t count = 0;
    while (!order.empty()) {
      const int64_t best = order.front();
      std::vector<int64_t> members, rest;
      for (const int64_t i : order) (joins(best, i) ? members : rest).push_back(i);
      if (write(best, members, count)) ++count;
      order = rest;
    }
    *args_.count = count;
    for (; count < args_.boxes.count; ++count) {
      std::fill_n(static_cast<T*>(args_.clusters) + count * 2 * n_, 2 * n_, T(0));
      static_cast<T*>(args_.clusterScores)[count] = 0;
      args_.best[count] = 0;
    }
  }

 private:
  T score(int64_t i) const { return static_cast<const T*>(args_.scores)[i]; }
  T corner(int64_t i, int k) const {
    return static_cast<const T*>(args_.boxes.data)[i * 2 * n_ + k];
  }

  bool comparable(int64_t i) const {
    for (int axis = 0; axis < n_; ++axis) {
      if (!(std::abs(corner(i, axis)) <= T(kNmsLargestCoordinate))) return false;
      if (!(std::abs(corner(i, n_ + axis)) <= T(kNmsLargestCoordinate))) return false;
      if (!(corner(i, n_ + axis) - corner(i, axis) >= T(kNmsLeastExtent))) return false;
    }
    return true;
  }

  /** Product of the extents that two boxes have in common; of one box with itself its volume. In R.
   */
  template <class R>
  R common(int64_t a, int64_t b) const {
    R product = 1;
    for (int axis = 0; axis < n_; ++axis) {
      const R low = std::max(R(corner(a, axis)), R(corner(b, axis)));
      const R high = std::min(R(corner(a, n_ + axis)), R(corner(b, n_ + axis)));
      product *= std::max(high - low, R(0));
    }
    return product;
  }

  /** As in nms: decided in the tensor's type. */
  bool joins(int64_t best, int64_t i) const {
    if (i == best) return true;
    if (args_.classes != nullptr && args_.classes[i] != args_.classes[best]) return false;
    const T shared = common<T>(best, i);
    return shared > T(args_.iouThreshold) * (common<T>(best, best) + common<T>(i, i) - shared);
  }

  bool write(int64_t best, const std::vector<int64_t>& members, int64_t cluster) {
    double weightSum = 0, scoreSum = 0, coverageSum = 0, corners[6] = {};
    std::set<int64_t> sources;
    for (const int64_t i : members) {
      const double shared = common<double>(best, i);
      const double volume = common<double>(i, i);
      double weight = shared / (common<double>(best, best) + volume - shared) * volume;
      if (args_.weights != nullptr) weight *= double(static_cast<const T*>(args_.weights)[i]);
      coverageSum +=
          args_.coverage == nullptr ? 1.0 : double(static_cast<const T*>(args_.coverage)[i]);
      const double weighted = double(score(i)) * weight;
      weightSum += weight;
      scoreSum += weighted;
      for (int k = 0; k < 2 * n_; ++k) corners[k] += weighted * double(corner(i, k));
      sources.insert(args_.sources == nullptr ? i : args_.sources[i]);
    }
    const double size = double(members.size());
    const double expected = args_.ensemble * (coverageSum / size);
    const double missing = std::max(0.0, expected - double(sources.size()));
    const double mean = scoreSum / (weightSum + missing * (weightSum / size));
    if (!(mean > args_.leastClusterScore)) return false;
    for (int k = 0; k < 2 * n_; ++k) {
      static_cast<T*>(args_.clusters)[cluster * 2 * n_ + k] =
          scoreSum > 0 ? T(corners[k] / scoreSum) : corner(best, k);
    }
    static_cast<T*>(args_.clusterScores)[cluster] = T(mean);
    args_.best[cluster] = best;
    for (const int64_t i : members) args_.clusterOf[i] = cluster;
    return true;
  }

  const BoxClusteringArgs& args_;
  int n_;
};

}  // namespace

void boxClusteringReference(const BoxClusteringArgs& args, Context&, const Workspace&) {
  if (args.boxes.type == VK_F64) {
    Clustering<double>(args).run();
  } else {
    Clustering<float>(args).run();
  }
}

}  // namespace vk
