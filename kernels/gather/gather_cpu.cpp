#include <cstring>

#include "core/parallel.h"
#include "gather/gather.h"

namespace vk {
namespace {

/** Bytes of a chunk, about. */
constexpr int64_t kChunkBytes = 131072;

/** Single elements, each with an index of its own. */
template <class T, class Index>
void copyElements(const GatherArgs& args, Context& context) {
  const Indexing& indexing = args.indexing;
  const int64_t count = indexing.groups * indexing.runs;
  const int64_t aChunk = kChunkBytes / static_cast<int64_t>(sizeof(T));
  const Index* const indices = static_cast<const Index*>(indexing.indices);
  T* const output = static_cast<T*>(args.output);
  parallelFor(context, chunkCount(count, aChunk), [&](int64_t chunk) {
    const Range range = chunkRange(count, aChunk, chunk);
    const int64_t group = range.begin / indexing.runs;
    int64_t run = range.begin % indexing.runs;
    int64_t column = run % indexing.inner;
    const T* data = static_cast<const T*>(args.data) + group * indexing.groupElements;
    for (int64_t i = range.begin; i < range.end; ++i) {
      const int64_t at = indices[i];
      output[i] = data[(at < 0 ? at + indexing.sizes[0] : at) * indexing.inner + column];
      if (++column == indexing.inner) column = 0;
      if (++run < indexing.runs) continue;
      run = 0;
      data += indexing.groupElements;
    }
  });
}

template <class T>
void copyRuns(const GatherArgs& args, Context& context) {
  const Indexing& indexing = args.indexing;
  if (indexing.kind == VK_INDEX_ELEMENTS) {
    if (indexing.indexType == VK_I32) return copyElements<T, int32_t>(args, context);
    return copyElements<T, int64_t>(args, context);
  }
  const int64_t runs = indexing.groups * indexing.runs;
  const int64_t length = indexing.length;
  if (runs * length == 0) return;
  const int64_t aChunk = kChunkBytes / (length * static_cast<int64_t>(sizeof(T))) + 1;
  const T* const data = static_cast<const T*>(args.data);
  T* const output = static_cast<T*>(args.output);
  parallelFor(context, chunkCount(runs, aChunk), [&](int64_t chunk) {
    const Range range = chunkRange(runs, aChunk, chunk);
    int64_t group = range.begin / indexing.runs;
    int64_t run = range.begin % indexing.runs;
    for (int64_t i = range.begin; i < range.end; ++i) {
      const T* const from = data + indexing.target(group, run);
      T* const to = output + i * length;
      std::memcpy(to, from, static_cast<size_t>(length) * sizeof(T));
      if (++run == indexing.runs) {
        run = 0;
        ++group;
      }
    }
  });
}

}  // namespace

void gatherPlain(const GatherArgs& args, Context& context, const Workspace&) {
  requireInside("gather", args.indexing, context);
  switch (args.elementBytes) {
    case 1:
      return copyRuns<uint8_t>(args, context);
    case 2:
      return copyRuns<uint16_t>(args, context);
    case 4:
      return copyRuns<uint32_t>(args, context);
    default:
      return copyRuns<uint64_t>(args, context);
  }
}

}  // namespace vk
