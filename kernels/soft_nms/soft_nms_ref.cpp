#include <algorithm>
#include <cmath>
#include <vector>

#include "nms/nms.h"
#include "soft_nms/soft_nms.h"

namespace vk {
namespace {

struct Box {
  double corners[6];
  double volume;
  bool comparable;
};

template <class T>
Box boxAt(const Boxes& boxes, int64_t index) {
  const int n = boxes.dimensions;
  const T* const corners = static_cast<const T*>(boxes.data) + index * 2 * n;
  Box box{{}, 1, true};
  for (int i = 0; i < 2 * n; ++i) {
    box.corners[i] = double(corners[i]);
    if (!(std::fabs(box.corners[i]) <= kNmsLargestCoordinate)) box.comparable = false;
  }
  for (int axis = 0; axis < n; ++axis) {
    // The extent that is judged is that of the tensor's type, as in nms.
    if (!(corners[n + axis] - corners[axis] >= T(kNmsLeastExtent))) box.comparable = false;
    box.volume *= box.corners[n + axis] - box.corners[axis];
  }
  return box;
}

double iou(const Box& a, const Box& b, int n) {
  if (!a.comparable || !b.comparable) return 0;
  double common = 1;
  for (int axis = 0; axis < n; ++axis) {
    const double low = std::max(a.corners[axis], b.corners[axis]);
    const double high = std::min(a.corners[n + axis], b.corners[n + axis]);
    common *= std::max(high - low, 0.0);
  }
  return common / (a.volume + b.volume - common);
}

template <class T>
void softNms(const SoftNmsArgs& args) {
  std::vector<Box> boxes;
  std::vector<double> scores;
  for (int64_t i = 0; i < args.boxes.count; ++i) {
    boxes.push_back(boxAt<T>(args.boxes, i));
    scores.push_back(double(static_cast<const T*>(args.scores)[i]));
  }
  std::vector<bool> left(scores.size(), true);
  int64_t kept = 0;
  for (; kept < args.capacity; ++kept) {
    int64_t best = -1;
    for (int64_t i = 0; i < args.boxes.count; ++i) {
      const double score = scores[size_t(i)];
      if (!left[size_t(i)] || !(score > args.scoreThreshold)) continue;
      if (best < 0 || score > scores[size_t(best)]) best = i;
    }
    if (best < 0) break;
    left[size_t(best)] = false;
    args.kept[kept] = best;
    static_cast<T*>(args.keptScores)[kept] = T(scores[size_t(best)]);
    for (int64_t i = 0; i < args.boxes.count; ++i) {
      if (!left[size_t(i)]) continue;
      if (args.classes != nullptr && args.classes[i] != args.classes[best]) continue;
      const double overlap = iou(boxes[size_t(best)], boxes[size_t(i)], args.boxes.dimensions);
      if (args.decay == VK_SOFT_NMS_GAUSSIAN) {
        scores[size_t(i)] *= std::exp(-(overlap * overlap) / args.sigma);
      } else if (overlap > args.iouThreshold) {
        scores[size_t(i)] *= 1 - overlap;
      }
    }
  }
  *args.count = kept;
  for (; kept < args.capacity; ++kept) {
    args.kept[kept] = -1;
    static_cast<T*>(args.keptScores)[kept] = 0;
  }
}

}  // namespace

void softNmsReference(const SoftNmsArgs& args, Context&, const Workspace&) {
  args.boxes.type == VK_F64 ? softNms<double>(args) : softNms<float>(args);
}

}  // namespace vk
