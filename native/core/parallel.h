// Fixed-chunk parallel loops. A chunk's bounds depend on the problem alone, never on the thread
// count, so a reduction that keeps one partial result a chunk and adds them in order gives the same
// bits on any number of threads.
#pragma once

#include <cstdint>

#include "core/context.h"

namespace vk {

/** Calls body(state, chunk) for every chunk in [0, chunks), in any order, on the context's arena.
 */
void parallelChunks(Context& context, int64_t chunks, void (*body)(void* state, int64_t chunk),
                    void* state);

/** body(chunk) for every chunk. In code compiled for an instruction set, mark the lambda with
 * HWY_ATTR. */
template <class Body>
void parallelFor(Context& context, int64_t chunks, Body&& body) {
  parallelChunks(
      context, chunks,
      [](void* state, int64_t chunk) {
        (*static_cast<std::remove_reference_t<Body>*>(state))(chunk);
      },
      &body);
}

inline int64_t chunkCount(int64_t items, int64_t chunkSize) {
  return (items + chunkSize - 1) / chunkSize;
}

inline int64_t roundUp(int64_t value, int64_t multiple) {
  return chunkCount(value, multiple) * multiple;
}

/** The largest share when `items` are dealt evenly to as few as possible of at most `most`. */
inline int64_t evenShare(int64_t items, int64_t most) {
  return items == 0 ? 1 : chunkCount(items, chunkCount(items, most > 1 ? most : 1));
}

/** Half-open item range of one chunk. */
struct Range {
  int64_t begin;
  int64_t end;
};

inline Range chunkRange(int64_t items, int64_t chunkSize, int64_t chunk) {
  const int64_t begin = chunk * chunkSize;
  const int64_t end = begin + chunkSize < items ? begin + chunkSize : items;
  return {begin, end};
}

}  // namespace vk
