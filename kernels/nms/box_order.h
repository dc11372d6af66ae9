// The boxes that take part, class by class and in each the best first.
#pragma once

#include "core/scratch.h"
#include "registry/boxes.h"

namespace vk {

struct ScoredBox {
  /** Orders like the score, the best first. */
  uint32_t key;
  int32_t box;
};

class BoxOrder {
 public:
  /** Takes its memory from the layout, for up to `count` boxes; with `classes` also for those. */
  BoxOrder(WorkspaceLayout& layout, int64_t count, bool classes);

  /** Orders the boxes that score above the threshold; ties by index. */
  void sort(const float* scores, int64_t count, double threshold, const int64_t* classes);

  int64_t count() const { return count_; }
  /** The box of a rank over all classes. */
  int32_t boxOfRank(int64_t rank) const { return ranked_[rank].box; }

  int64_t classCount() const { return classCount_; }
  /** A class's members are the places [begin, end). */
  Range membersOf(int64_t index) const {
    return classBegin_ == nullptr ? Range{0, count_}
                                  : Range{classBegin_[index], classBegin_[index + 1]};
  }
  /** Rank over all classes of the member at a place; rises within a class. */
  int64_t rankOf(int64_t place) const { return places_ == nullptr ? place : places_[place]; }
  int32_t boxOf(int64_t place) const { return boxOfRank(rankOf(place)); }

 private:
  void sortByScore();
  void groupByClass(const int64_t* classes);

  int64_t count_ = 0;
  int64_t classCount_ = 0;
  ScoredBox* ranked_;
  ScoredBox* spare_;
  /** With classes only. */
  int32_t* places_ = nullptr;
  int32_t* sparePlaces_ = nullptr;
  int32_t* classBegin_ = nullptr;
};

}  // namespace vk
