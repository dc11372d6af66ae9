// What indices name, on a device: for gather and scatter.
#pragma once

#include <string>

#include "cuda/elements.h"
#include "gather/indexing.h"

namespace vk::cuda {

/** Entries of the indices: slices share theirs between groups. */
inline int64_t indexEntries(const Indexing& indexing) {
  return (indexing.kind == VK_INDEX_SLICES ? 1 : indexing.groups) * indexing.runs;
}

/** The indexing with its divisions prepared. */
struct DeviceIndexing : Indexing {
  Divider byRuns;
  Divider byInner;

  explicit DeviceIndexing(const Indexing& indexing)
      : Indexing(indexing), byRuns(indexing.runs), byInner(indexing.inner) {}

  /** First element in the data of a run, by its number among those of all groups. */
  __device__ int64_t place(int64_t entry) const {
    const int64_t group = byRuns.quotient(entry);
    const int64_t run = entry - group * runs;
    if (kind != VK_INDEX_ELEMENTS) return target(group, run);
    const int64_t column = run - byInner.quotient(run) * inner;
    const int64_t at = index(entry);
    return group * groupElements + (at < 0 ? at + sizes[0] : at) * inner + column;
  }
};

namespace indexing {

/** The first entry that is outside: the least number is the same in any order. */
static __global__ void __launch_bounds__(kElementThreads, kElementBlocks)
    findOutside(Indexing indexing, int64_t entries, unsigned long long* first) {
  forEachItem(entries, [&](int64_t entry) {
    if (!indexing.isInside(entry)) atomicMin(first, static_cast<unsigned long long>(entry));
  });
}

}  // namespace indexing

/** Throws where an index is outside, which the host has to know before anything is written; `first`
 * has room for one number on the device. */
inline void requireInside(const char* operation, const Indexing& indexing, Context& context,
                          unsigned long long* first) {
  const int64_t entries = indexEntries(indexing);
  if (entries == 0) return;
  check(cudaMemsetAsync(first, 0xFF, sizeof *first, streamOf(context)));
  launch(context, gridOver(entries), indexing::findOutside, indexing, entries, first);
  unsigned long long outside = 0;
  deliver(context, &outside, first, sizeof outside);
  if (outside == ~0ull) return;
  std::string text;
  for (int32_t i = 0; i < indexing.rank; ++i) {
    const int64_t bytes = indexing.indexType == VK_I32 ? 4 : 8;
    const int64_t position = int64_t(outside) * indexing.rank + i;
    int64_t wide = 0;
    int32_t narrow = 0;
    deliver(context, bytes == 4 ? static_cast<void*>(&narrow) : &wide,
            static_cast<const char*>(indexing.indices) + position * bytes, bytes);
    text += (i > 0 ? ", " : "") + std::to_string(bytes == 4 ? narrow : wide) + " of " +
            std::to_string(indexing.sizes[i]);
  }
  invalidArgument("%s: index %lld is outside the data: %s", operation,
                  static_cast<long long>(outside), text.c_str());
}

}  // namespace vk::cuda
