// A contiguous tensor seen along one of its axes.
#pragma once

#include "core/view.h"

namespace vk {

struct AxisSplit {
  /** Product of the sizes in front of the axis. */
  int64_t outer;
  int64_t size;
  /** Product of the sizes behind it: the step along the axis. */
  int64_t inner;
};

/** `axis` may be negative: then it counts from the end. */
inline AxisSplit splitAt(const char* operation, const vk_view& view, int32_t axis) {
  const int32_t at = axis < 0 ? axis + view.rank : axis;
  if (at < 0 || at >= view.rank) {
    invalidArgument("%s: axis %d, but %s has rank %d", operation, axis, describe(view).c_str(),
                    view.rank);
  }
  AxisSplit split{1, view.sizes[at], 1};
  for (int32_t i = 0; i < view.rank; ++i) {
    if (i < at) split.outer *= view.sizes[i];
    if (i > at) split.inner *= view.sizes[i];
  }
  return split;
}

}  // namespace vk
