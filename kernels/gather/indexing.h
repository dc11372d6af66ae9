// What the indices of gather and scatter name: a run of elements of the data each, one after the
// other within a group that shares nothing with other groups.
#pragma once

#include "core/context.h"
#include "core/host_device.h"
#include "core/view.h"
#include "voxkern/tensor.h"

namespace vk {

struct Indexing {
  vk_index_kind kind;
  vk_element_type indexType;
  const void* indices;
  /** Leading axes that indices do not reach across. */
  int64_t groups;
  /** Runs of a group, in order, and elements of a run. */
  int64_t runs;
  int64_t length;
  /** Elements of a group of the data. */
  int64_t groupElements;
  /** Of VK_INDEX_ELEMENTS: elements behind the axis, each of which has an index of its own. */
  int64_t inner;
  /** Axes that an index reaches along: one, but for VK_INDEX_TUPLES. */
  int32_t rank;
  int64_t sizes[VK_MAX_RANK];
  int64_t strides[VK_MAX_RANK];
  // What all this was made from, for the reference.
  vk_view dataShape;
  vk_view indicesShape;
  int32_t axis;

  VK_HD int64_t index(int64_t position) const {
    return indexType == VK_I32 ? static_cast<const int32_t*>(indices)[position]
                               : static_cast<const int64_t*>(indices)[position];
  }

  /** Whether all positions of this entry of the indices lie in the data. */
  VK_HD bool isInside(int64_t entry) const {
    for (int32_t i = 0; i < rank; ++i) {
      const int64_t at = index(entry * rank + i);
      if (at < -sizes[i] || at >= sizes[i]) return false;
    }
    return true;
  }

  /** First element in the data of a run of a group, but for VK_INDEX_ELEMENTS; all indices are
   * inside. */
  VK_HD int64_t target(int64_t group, int64_t run) const {
    // Slices share their indices between groups.
    const int64_t first = (kind == VK_INDEX_SLICES ? run : group * runs + run) * rank;
    int64_t element = group * groupElements;
    for (int32_t i = 0; i < rank; ++i) {
      const int64_t at = index(first + i);
      element += (at < 0 ? at + sizes[i] : at) * strides[i];
    }
    return element;
  }
};

/** Checks the shapes: `picked` is gather's output, or scatter's updates. */
Indexing indexingOf(const char* operation, const vk_view* data, const vk_view* indices,
                    vk_index_kind kind, int32_t axis, const char* pickedName,
                    const vk_view* picked);

/** Throws where an index is outside, before anything is written. */
void requireInside(const char* operation, const Indexing& indexing, Context& context);

}  // namespace vk
