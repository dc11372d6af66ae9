#include <algorithm>
#include <cmath>
#include <vector>

#include "box_iou/box_iou.h"
#include "box_matcher/box_matcher.h"
#include "registry/floats.h"

namespace vk {
namespace {

template <class T>
struct Box {
  T low[3];
  T high[3];
  int dimensions;

  Box(const Boxes& boxes, int64_t index) : dimensions(boxes.dimensions) {
    const T* const corners = static_cast<const T*>(boxes.data) + index * 2 * dimensions;
    std::copy_n(corners, dimensions, low);
    std::copy_n(corners + dimensions, dimensions, high);
  }
  bool usable() const {
    for (int axis = 0; axis < dimensions; ++axis) {
      if (!(std::abs(low[axis]) <= T(kLargestBoxCoordinate))) return false;
      if (!(std::abs(high[axis]) <= T(kLargestBoxCoordinate))) return false;
    }
    return true;
  }
  T volume() const {
    T product = 1;
    for (int axis = 0; axis < dimensions; ++axis) product *= std::max(high[axis] - low[axis], T(0));
    return product;
  }
  T centre(int axis) const { return (low[axis] + high[axis]) * T(0.5); }
};

/** The contract says this arithmetic to the rounding. */
template <class T>
T iou(const Box<T>& a, const Box<T>& b) {
  if (!a.usable() || !b.usable()) return 0;
  T common = 1;
  for (int axis = 0; axis < a.dimensions; ++axis) {
    common *=
        std::max(std::min(a.high[axis], b.high[axis]) - std::max(a.low[axis], b.low[axis]), T(0));
  }
  const T both = a.volume() + b.volume() - common;
  return both > 0 ? common / both : T(0);
}

template <class T>
void matchByOverlap(const BoxMatcherArgs& args) {
  std::vector<T> bestOfBox(size_t(args.boxes.count), T(0));
  std::vector<int64_t> anchorOfBox(size_t(args.boxes.count), int64_t{-1});
  std::vector<int64_t> boxOfAnchor(size_t(args.anchors.count), int64_t{-1});
  for (int64_t i = 0; i < args.anchors.count; ++i) {
    T best = 0;
    for (int64_t j = 0; j < args.boxes.count; ++j) {
      const T overlap = iou(Box<T>(args.anchors, i), Box<T>(args.boxes, j));
      if (overlap > best) {
        best = overlap;
        boxOfAnchor[size_t(i)] = j;
      }
      if (overlap > bestOfBox[size_t(j)]) {
        bestOfBox[size_t(j)] = overlap;
        anchorOfBox[size_t(j)] = i;
      }
    }
    args.matches[i] = best >= T(args.foreground)  ? boxOfAnchor[size_t(i)]
                      : best < T(args.background) ? kNoBox
                                                  : kIgnored;
    if (args.overlaps != nullptr) static_cast<T*>(args.overlaps)[i] = best;
  }
  if (!args.bestOfEachBox) return;
  for (const int64_t anchor : anchorOfBox) {
    if (anchor >= 0) args.matches[anchor] = boxOfAnchor[size_t(anchor)];
  }
}

/** The candidates of a box on all levels, level by level, on each the nearest first. */
template <class T>
std::vector<int64_t> candidatesOf(const BoxMatcherAtssArgs& args, const Box<T>& box) {
  std::vector<int64_t> all;
  int64_t begin = 0;
  for (int32_t level = 0; level < args.levels; ++level) {
    std::vector<std::pair<T, int64_t>> near;
    for (int64_t i = begin; i < begin + args.levelSizes[level]; ++i) {
      const Box<T> anchor(args.anchors, i);
      if (!anchor.usable()) continue;
      T distance = 0;
      for (int axis = 0; axis < box.dimensions; ++axis) {
        const T along = anchor.centre(axis) - box.centre(axis);
        distance += along * along;
      }
      near.push_back({distance, i});
    }
    std::sort(near.begin(), near.end());
    for (size_t i = 0; i < near.size() && i < size_t(args.candidates); ++i) {
      all.push_back(near[i].second);
    }
    begin += args.levelSizes[level];
  }
  return all;
}

template <class T>
void matchAdaptively(const BoxMatcherAtssArgs& args) {
  std::vector<T> best(size_t(args.anchors.count), T(0));
  std::fill_n(args.matches, args.anchors.count, kNoBox);
  for (int64_t j = 0; j < args.boxes.count; ++j) {
    const Box<T> box(args.boxes, j);
    if (!box.usable()) continue;
    const std::vector<int64_t> candidates = candidatesOf(args, box);
    std::vector<double> overlaps;
    double sum = 0, squares = 0;
    for (const int64_t i : candidates) {
      overlaps.push_back(double(iou(Box<T>(args.anchors, i), box)));
      sum += overlaps.back();
    }
    const double count = double(candidates.size());
    const double mean = sum / count;
    for (const double overlap : overlaps) squares += (overlap - mean) * (overlap - mean);
    const double threshold = mean + (count > 1 ? std::sqrt(squares / (count - 1)) : 0.0);
    for (size_t c = 0; c < candidates.size(); ++c) {
      const Box<T> anchor(args.anchors, candidates[c]);
      bool inside = true;
      for (int axis = 0; axis < box.dimensions; ++axis) {
        const T toEdge =
            std::min(anchor.centre(axis) - box.low[axis], box.high[axis] - anchor.centre(axis));
        inside = inside && toEdge > T(args.leastDistance);
      }
      T& known = best[size_t(candidates[c])];
      if (!inside || overlaps[c] < threshold || !(T(overlaps[c]) > known)) continue;
      known = T(overlaps[c]);
      args.matches[candidates[c]] = j;
    }
  }
  if (args.overlaps != nullptr) {
    std::copy(best.begin(), best.end(), static_cast<T*>(args.overlaps));
  }
}

}  // namespace

void boxMatcherReference(const BoxMatcherArgs& args, Context&, const Workspace&) {
  withFloats(args.anchors.type, [&](auto type) { matchByOverlap<decltype(type)>(args); });
}

void boxMatcherAtssReference(const BoxMatcherAtssArgs& args, Context&, const Workspace&) {
  withFloats(args.anchors.type, [&](auto type) { matchAdaptively<decltype(type)>(args); });
}

}  // namespace vk
