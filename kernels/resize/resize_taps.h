// The taps of one axis as tables, forward or transposed, in the workspace.
#pragma once

#include "core/scratch.h"
#include "resize/resize.h"

namespace vk {

/** Which elements of `from`, with which weights, make each element of `to` along one axis. */
struct ResizeTable {
  int64_t fromSize;
  int64_t toSize;
  /** Taps of element i: [begin[i], begin[i + 1]). */
  int64_t* begin;
  int32_t* index;
  float* weight;
  /** The same for up to kVectorTaps taps an element, tap k of element i at k * toSize + i; null
   * where one has more. What is missing has weight 0. */
  int32_t* laneIndex;
  float* laneWeight;
  int64_t laneTaps;
  /** Elements that take the extrapolation value; null if none can. */
  uint8_t* outside;
  /** Every element is the same one of `from`. */
  bool identity;
};

constexpr int64_t kResizeVectorTaps = 8;

/** Lays out the tables of all axes; without memory it only measures. */
class ResizeTables {
 public:
  ResizeTables(const ResizeArgs& args, bool transposed, WorkspaceLayout* layout);
  /** Fills them in. */
  void build();
  const ResizeTable& axis(int number) const { return tables_[number]; }

 private:
  const ResizeArgs& args_;
  bool transposed_;
  ResizeTable tables_[3];
  /** Room for the taps before they are transposed. */
  int64_t* begin_;
  int32_t* index_;
  float* weight_;
};

}  // namespace vk
