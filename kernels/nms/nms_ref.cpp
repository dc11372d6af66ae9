#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "nms/nms.h"

namespace vk {
namespace {

template <class T>
struct Box {
  T corners[6];
  T volume;
  bool comparable;
};

template <class T>
Box<T> boxAt(const Boxes& boxes, int64_t index) {
  const int n = boxes.dimensions;
  Box<T> box{{}, 1, true};
  for (int i = 0; i < 2 * n; ++i) {
    box.corners[i] = static_cast<const T*>(boxes.data)[index * 2 * n + i];
    if (!(std::abs(box.corners[i]) <= T(kNmsLargestCoordinate))) box.comparable = false;
  }
  for (int axis = 0; axis < n; ++axis) {
    const T extent = box.corners[n + axis] - box.corners[axis];
    if (!(extent >= T(kNmsLeastExtent))) box.comparable = false;
    box.volume *= extent;
  }
  return box;
}

/** The contract says the arithmetic of this decision to the rounding, so that it has no error. */
template <class T>
bool suppresses(const Box<T>& kept, const Box<T>& other, int n, T threshold) {
  if (!kept.comparable || !other.comparable) return false;
  T common = 1;
  for (int axis = 0; axis < n; ++axis) {
    const T low = std::max(kept.corners[axis], other.corners[axis]);
    const T high = std::min(kept.corners[n + axis], other.corners[n + axis]);
    common *= std::max(high - low, T(0));
  }
  return common > threshold * (kept.volume + other.volume - common);
}

template <class T>
void nms(const NmsArgs& args) {
  const T* const scores = static_cast<const T*>(args.scores);
  std::vector<int64_t> order;
  for (int64_t i = 0; i < args.boxes.count; ++i) {
    if (double(scores[i]) > args.scoreThreshold) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return scores[a] > scores[b]; });
  std::vector<int64_t> kept;
  std::vector<Box<T>> keptBoxes;
  for (const int64_t candidate : order) {
    if (static_cast<int64_t>(kept.size()) == args.capacity) break;
    const Box<T> box = boxAt<T>(args.boxes, candidate);
    bool suppressed = false;
    int64_t ofClass = 0;
    for (size_t k = 0; k < kept.size() && !suppressed; ++k) {
      if (args.classes != nullptr && args.classes[kept[k]] != args.classes[candidate]) continue;
      ++ofClass;
      suppressed = suppresses(keptBoxes[k], box, args.boxes.dimensions, T(args.iouThreshold));
    }
    if (suppressed || ofClass >= args.mostOfClass) continue;
    kept.push_back(candidate);
    keptBoxes.push_back(box);
  }
  *args.count = static_cast<int64_t>(kept.size());
  std::fill_n(std::copy(kept.begin(), kept.end(), args.kept), args.capacity - *args.count, -1);
}

}  // namespace

void nmsReference(const NmsArgs& args, Context&, const Workspace&) {
  args.boxes.type == VK_F64 ? nms<double>(args) : nms<float>(args);
}

}  // namespace vk
