// Operations along one axis: a tensor as (outer, size, inner), inner contiguous.
#pragma once

#include "registry/floats.h"

namespace vk {

struct AxisSizes {
  int64_t outer;
  int64_t size;
  int64_t inner;
};

inline AxisSizes axisSizes(const char* operation, const vk_view& input, int32_t axis) {
  if (axis < 0 || axis >= input.rank) {
    invalidArgument("%s: input is %s and has no axis %d", operation, describe(input).c_str(), axis);
  }
  AxisSizes sizes{1, input.sizes[axis], 1};
  for (int32_t i = 0; i < axis; ++i) sizes.outer *= input.sizes[i];
  for (int32_t i = axis + 1; i < input.rank; ++i) sizes.inner *= input.sizes[i];
  return sizes;
}

/** What a task of a kernel along an axis works on: where the axis is the last one, whole rows; else
 * up to kTile positions of `inner` of one outer position, for which the kernel keeps running
 * results in the first-level cache while it goes along the axis. */
class AxisTasks {
 public:
  static constexpr int64_t kTile = 512;

  explicit AxisTasks(const AxisSizes& sizes)
      : sizes_(sizes),
        tiles_(chunkCount(sizes.inner, kTile)),
        rowsPerTask_(sizes.size > 0 && sizes.size < kElements ? kElements / sizes.size : 1) {}

  bool rows() const { return sizes_.inner == 1; }
  int64_t count() const {
    if (sizes_.size == 0) return 0;
    return rows() ? chunkCount(sizes_.outer, rowsPerTask_) : sizes_.outer * tiles_;
  }
  Range rowsOf(int64_t task) const { return chunkRange(sizes_.outer, rowsPerTask_, task); }
  /** First element of a tile, and its width. */
  int64_t tileBegin(int64_t task) const {
    return task / tiles_ * sizes_.size * sizes_.inner + task % tiles_ * kTile;
  }
  int64_t tileWidth(int64_t task) const {
    const Range range = chunkRange(sizes_.inner, kTile, task % tiles_);
    return range.end - range.begin;
  }

 private:
  static constexpr int64_t kElements = 65536;
  AxisSizes sizes_;
  int64_t tiles_;
  int64_t rowsPerTask_;
};

}  // namespace vk
