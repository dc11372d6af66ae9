#include "registry/boxes.h"

#include <algorithm>
#include <cmath>

namespace vk {

Boxes requireBoxes(const char* operation, const char* name, const vk_view* view) {
  requireDenseFloat(operation, name, view);
  requireRank(operation, name, *view, 2);
  if (view->sizes[1] != 4 && view->sizes[1] != 6) {
    invalidArgument("%s: %s is %s, expected (N, 4) or (N, 6): two corners a box", operation, name,
                    describe(*view).c_str());
  }
  return {view->data, view->type, view->sizes[0], static_cast<int32_t>(view->sizes[1] / 2)};
}

Boxes requireBoxesLike(const char* operation, const char* name, const vk_view* view,
                       const char* otherName, const vk_view& other) {
  const Boxes boxes = requireBoxes(operation, name, view);
  requireSameType(operation, name, *view, otherName, other);
  if (view->sizes[1] != other.sizes[1]) {
    invalidArgument("%s: %s is %s and %s is %s; the dimensions must agree", operation, name,
                    describe(*view).c_str(), otherName, describe(other).c_str());
  }
  return boxes;
}

void requireVector(const char* operation, const char* name, const vk_view* view,
                   vk_element_type type, int64_t count) {
  requireDense(operation, name, view, type);
  if (view->rank != 1 || view->sizes[0] != count) {
    invalidArgument("%s: %s is %s, expected %s (%lld)", operation, name, describe(*view).c_str(),
                    elementTypeName(type), static_cast<long long>(count));
  }
}

Boxes requireScoredBoxes(const char* operation, const vk_view* boxes, const vk_view* scores,
                         const vk_view* classes) {
  const Boxes list = requireBoxes(operation, "boxes", boxes);
  requireVector(operation, "scores", scores, boxes->type, list.count);
  if (present(classes)) requireVector(operation, "classes", classes, VK_I64, list.count);
  return list;
}

void requireThreshold(const char* operation, double iouThreshold) {
  if (!(iouThreshold >= 0 && iouThreshold <= 1)) {
    invalidArgument("%s: the threshold of the IoU is %g, expected 0 to 1", operation, iouThreshold);
  }
}

double requireScoreThreshold(const char* operation, double scoreThreshold) {
  if (std::isnan(scoreThreshold)) {
    invalidArgument("%s: the threshold of the score is NaN", operation);
  }
  return scoreThreshold;
}

int64_t requireKept(const char* operation, const vk_view* kept, int64_t boxes, int64_t most) {
  if (most < 0) {
    invalidArgument("%s: at most %lld outputs, expected 1 or more, or 0 for no limit", operation,
                    static_cast<long long>(most));
  }
  const int64_t capacity = most == 0 ? boxes : std::min(boxes, most);
  requireVector(operation, "kept", kept, VK_I64, capacity);
  return capacity;
}

Refusal takesFewBoxesOfF32(const Boxes& boxes) {
  if (boxes.type != VK_F32) return "takes f32 only";
  return boxes.count < (int64_t{1} << 29) ? Refusal() : "takes fewer than 2^29 boxes";
}

}  // namespace vk
