// Operands that broadcast as in NumPy: an axis of size 1, or one that is missing in front, repeats
// along the output's axis. Axes along which every operand moves alike are merged, so that the
// innermost loop is as long as it can be and each operand is a row or a scalar in it.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "core/view.h"

namespace vk {

struct Broadcast {
  static constexpr int kOperands = 3;

  int32_t rank;
  /** Slowest first; at least one axis. The last one is the row. */
  int64_t sizes[VK_MAX_RANK];
  /** Elements; 0 where an operand repeats. Along the row 0 or 1. */
  int64_t strides[kOperands][VK_MAX_RANK];
  /** Of the output, which is contiguous. */
  int64_t count;

  int64_t rowLength() const { return sizes[rank - 1]; }
  bool isScalar(int operand) const { return strides[operand][rank - 1] == 0; }
};

/** An operand and its name for messages. */
struct NamedView {
  const char* name;
  const vk_view* view;
};

/** Checks that the output has the shape that the operands broadcast to, and merges the axes. All
 * are contiguous. */
Broadcast broadcastTo(const char* operation, std::initializer_list<NamedView> operands,
                      const vk_view& output);

/** Calls body(first, offsets, n) for runs of the output's elements [begin, end) that lie in one
 * row: `offsets[operand]` is where that operand's first element lies. */
template <class Body>
void forEachRun(const Broadcast& shape, int64_t begin, int64_t end, Body&& body) {
  if (begin >= end) return;
  const int32_t last = shape.rank - 1;
  int64_t at[VK_MAX_RANK];
  int64_t rest = begin;
  for (int32_t axis = last; axis >= 0; --axis) {
    at[axis] = rest % shape.sizes[axis];
    rest /= shape.sizes[axis];
  }
  int64_t offsets[Broadcast::kOperands];
  for (int operand = 0; operand < Broadcast::kOperands; ++operand) {
    offsets[operand] = 0;
    for (int32_t axis = 0; axis <= last; ++axis) {
      offsets[operand] += at[axis] * shape.strides[operand][axis];
    }
  }
  int64_t first = begin;
  while (true) {
    const int64_t left = shape.sizes[last] - at[last];
    const int64_t n = left < end - first ? left : end - first;
    body(first, static_cast<const int64_t*>(offsets), n);
    first += n;
    if (first >= end) return;
    // The next row: back to its start, then one step along the slowest axis that turns over.
    int32_t axis = last;
    int64_t moved = at[last];
    for (;;) {
      for (int operand = 0; operand < Broadcast::kOperands; ++operand) {
        offsets[operand] -= moved * shape.strides[operand][axis];
      }
      at[axis] = 0;
      --axis;
      for (int operand = 0; operand < Broadcast::kOperands; ++operand) {
        offsets[operand] += shape.strides[operand][axis];
      }
      if (++at[axis] < shape.sizes[axis]) break;
      moved = at[axis];
    }
  }
}

}  // namespace vk
