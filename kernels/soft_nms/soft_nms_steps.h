// What soft-NMS does apart from finding neighbours; plain C++, once for all instruction sets.
#pragma once

#include "nms/box_grid.h"
#include "nms/box_order.h"
#include "soft_nms/score_tree.h"
#include "soft_nms/soft_nms.h"

namespace vk {

/** A kept box. */
struct SoftKept {
  double score;
  int32_t box;
};

struct SoftNmsMemory {
  SoftNmsMemory(WorkspaceLayout& layout, int64_t boxes);

  BoxGridMemory grid;
  /** By place in the order of classes. */
  double* scores;
  int32_t* boxes;
  /** By rank; of a box that is not kept, the score is NaN. */
  SoftKept* kept;
  int32_t* winners;
};

void softNmsBegin(const BoxOrder& order, const SoftNmsMemory& memory);
/** Writes the results from what the classes kept. */
void softNmsCollect(const SoftNmsArgs& args, const BoxOrder& order, const SoftNmsMemory& memory);

/** The members of one class, by index: ties are broken by it. */
class SoftNmsClass {
 public:
  SoftNmsClass(const SoftNmsArgs& args, const BoxOrder& order, const SoftNmsMemory& memory,
               int64_t index);

  bool hasGrid() const { return count_ > kBoxBlock; }
  BoxGrid grid() const;

  /** Keeps the best box that is left and gives its member; -1 when no more are to be kept. */
  int32_t takeBest();
  /** Lowers a member's score by its overlap with the one that was kept; nothing once it is kept. */
  void decay(int32_t best, int32_t member);
  void decayAll(int32_t best);

 private:
  const float* boxAt(int64_t member) const {
    return static_cast<const float*>(args_.boxes.data) +
           int64_t{boxes_[member]} * 2 * args_.boxes.dimensions;
  }

  const SoftNmsArgs& args_;
  const SoftNmsMemory& memory_;
  int64_t begin_;
  int64_t count_;
  double* scores_;
  int32_t* boxes_;
  int64_t kept_ = 0;
  ScoreTree tree_;
};

}  // namespace vk
