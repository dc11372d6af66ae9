#include "soft_nms/soft_nms_steps.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "nms/box_overlap.h"

namespace vk {
namespace {

constexpr double kTaken = -std::numeric_limits<double>::infinity();

/** Sorts the members of a class by index, and gives the scores they have at first. */
const double* byIndex(const float* scores, const BoxOrder& order, Range members, int32_t* boxes,
                      double* to) {
  const int64_t count = members.end - members.begin;
  for (int64_t i = 0; i < count; ++i) boxes[i] = order.boxOf(members.begin + i);
  std::sort(boxes, boxes + count);
  for (int64_t i = 0; i < count; ++i) to[i] = static_cast<double>(scores[boxes[i]]);
  return to;
}

}  // namespace

SoftNmsMemory::SoftNmsMemory(WorkspaceLayout& layout, int64_t count)
    : grid(layout, count),
      scores(layout.take<double>(count)),
      boxes(layout.take<int32_t>(count)),
      kept(layout.take<SoftKept>(count)),
      // A tree of n > 1 leaves takes fewer than 4 n numbers, of one leaf 4.
      winners(layout.take<int32_t>(4 * count)) {}

void softNmsBegin(const BoxOrder& order, const SoftNmsMemory& memory) {
  std::fill_n(memory.kept, order.count(), SoftKept{std::numeric_limits<double>::quiet_NaN(), -1});
}

void softNmsCollect(const SoftNmsArgs& args, const BoxOrder& order, const SoftNmsMemory& memory) {
  // Of each class the kept boxes come in order, so this is the order over all.
  SoftKept* const end = std::remove_if(memory.kept, memory.kept + order.count(),
                                       [](const SoftKept& kept) { return kept.box < 0; });
  const int64_t count = std::min<int64_t>(end - memory.kept, args.capacity);
  std::partial_sort(memory.kept, memory.kept + count, end,
                    [](const SoftKept& a, const SoftKept& b) {
                      return a.score > b.score || (a.score == b.score && a.box < b.box);
                    });
  float* const scores = static_cast<float*>(args.keptScores);
  for (int64_t i = 0; i < args.capacity; ++i) {
    args.kept[i] = i < count ? memory.kept[i].box : -1;
    scores[i] = i < count ? static_cast<float>(memory.kept[i].score) : 0.0f;
  }
  *args.count = count;
}

SoftNmsClass::SoftNmsClass(const SoftNmsArgs& args, const BoxOrder& order,
                           const SoftNmsMemory& memory, int64_t index)
    : args_(args),
      memory_(memory),
      begin_(order.membersOf(index).begin),
      count_(order.membersOf(index).end - begin_),
      scores_(memory.scores + begin_),
      boxes_(memory.boxes + begin_),
      tree_(memory.winners + 4 * begin_,
            byIndex(static_cast<const float*>(args.scores), order, order.membersOf(index), boxes_,
                    scores_),
            count_) {}

BoxGrid SoftNmsClass::grid() const {
  const double threshold = args_.decay == VK_SOFT_NMS_LINEAR ? args_.iouThreshold : 0;
  return BoxGrid(memory_.grid, args_.boxes, static_cast<float>(threshold), begin_, count_,
                 [this](int64_t i) { return int64_t{boxes_[i]}; });
}

int32_t SoftNmsClass::takeBest() {
  const int32_t best = tree_.best();
  if (best == ScoreTree::kNone || kept_ == args_.capacity) return -1;
  memory_.kept[begin_ + kept_++] = {scores_[best], boxes_[best]};
  scores_[best] = kTaken;
  tree_.remove(best);
  return best;
}

void SoftNmsClass::decay(int32_t best, int32_t member) {
  if (scores_[member] == kTaken) return;
  const double iou = boxIou(boxAt(best), boxAt(member), args_.boxes.dimensions);
  double factor = 1;
  if (args_.decay == VK_SOFT_NMS_GAUSSIAN) {
    factor = std::exp(-(iou * iou) / args_.sigma);
  } else if (iou > args_.iouThreshold) {
    factor = 1 - iou;
  }
  if (factor == 1) return;
  scores_[member] *= factor;
  if (scores_[member] > args_.scoreThreshold) {
    tree_.changed(member);
  } else {
    scores_[member] = kTaken;
    tree_.remove(member);
  }
}

void SoftNmsClass::decayAll(int32_t best) {
  if (!isComparable(boxAt(best), args_.boxes.dimensions)) return;
  for (int64_t i = 0; i < count_; ++i) {
    if (isComparable(boxAt(i), args_.boxes.dimensions)) decay(best, static_cast<int32_t>(i));
  }
}

}  // namespace vk
