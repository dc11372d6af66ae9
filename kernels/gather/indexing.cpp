#include "gather/indexing.h"

#include <atomic>

#include "core/parallel.h"

namespace vk {
namespace {

[[noreturn]] void disagree(const char* operation, const vk_view& data, const vk_view& indices,
                           int32_t axis, const char* pickedName, const vk_view& picked) {
  invalidArgument("%s: data %s, indices %s, axis %d and %s %s do not fit each other", operation,
                  describe(data).c_str(), describe(indices).c_str(), axis, pickedName,
                  describe(picked).c_str());
}

int64_t product(const vk_view& view, int32_t begin, int32_t end) {
  int64_t count = 1;
  for (int32_t i = begin; i < end; ++i) count *= view.sizes[i];
  return count;
}

/** A shape put together from axes of others. */
struct Sizes {
  int32_t rank = 0;
  int64_t sizes[3 * VK_MAX_RANK];

  void add(const vk_view& view, int32_t begin, int32_t end) {
    for (int32_t i = begin; i < end; ++i) sizes[rank++] = view.sizes[i];
  }
  bool equals(const vk_view& view) const {
    if (view.rank != rank) return false;
    for (int32_t i = 0; i < rank; ++i) {
      if (view.sizes[i] != sizes[i]) return false;
    }
    return true;
  }
};

}  // namespace

Indexing indexingOf(const char* operation, const vk_view* data, const vk_view* indices,
                    vk_index_kind kind, int32_t axis, const char* pickedName,
                    const vk_view* picked) {
  requireDenseAny(operation, "data", data);
  requireDenseAny(operation, "indices", indices);
  requireDense(operation, pickedName, picked, data->type);
  if (indices->type != VK_I32 && indices->type != VK_I64) {
    invalidArgument("%s: indices are %s, expected element type i32 or i64", operation,
                    describe(*indices).c_str());
  }
  if (kind < VK_INDEX_SLICES || kind > VK_INDEX_TUPLES) {
    invalidArgument("%s: unknown kind of indices %d", operation, static_cast<int>(kind));
  }
  const bool tuples = kind == VK_INDEX_TUPLES;
  const int32_t at = axis < 0 && !tuples ? axis + data->rank : axis;
  if (at < 0 || (tuples ? indices->rank < 1 || at > indices->rank - 1 : at >= data->rank)) {
    disagree(operation, *data, *indices, axis, pickedName, *picked);
  }
  Indexing indexing{};
  indexing.kind = kind;
  indexing.indexType = indices->type;
  indexing.indices = indices->data;
  indexing.dataShape = *data;
  indexing.indicesShape = *indices;
  indexing.axis = at;
  indexing.groups = product(*data, 0, at);
  indexing.groupElements = product(*data, at, data->rank);
  indexing.rank = 1;
  Sizes expected;
  expected.add(*data, 0, at);
  if (tuples) {
    const int64_t depth = indices->sizes[indices->rank - 1];
    if (depth > data->rank - at) disagree(operation, *data, *indices, axis, pickedName, *picked);
    indexing.rank = static_cast<int32_t>(depth);
    expected.add(*indices, at, indices->rank - 1);
    expected.add(*data, at + indexing.rank, data->rank);
    indexing.runs = product(*indices, at, indices->rank - 1);
    indexing.length = product(*data, at + indexing.rank, data->rank);
    for (int32_t i = 0; i < at; ++i) {
      if (indices->sizes[i] != data->sizes[i]) {
        disagree(operation, *data, *indices, axis, pickedName, *picked);
      }
    }
  } else if (kind == VK_INDEX_SLICES) {
    expected.add(*indices, 0, indices->rank);
    expected.add(*data, at + 1, data->rank);
    indexing.runs = elementCount(*indices);
    indexing.length = product(*data, at + 1, data->rank);
  } else {
    if (indices->rank != data->rank) {
      disagree(operation, *data, *indices, axis, pickedName, *picked);
    }
    expected.add(*indices, at, at + 1);
    expected.add(*data, at + 1, data->rank);
    indexing.inner = product(*data, at + 1, data->rank);
    indexing.runs = indices->sizes[at] * indexing.inner;
    indexing.length = 1;
    if (!expected.equals(*indices)) {
      disagree(operation, *data, *indices, axis, pickedName, *picked);
    }
  }
  if (!expected.equals(*picked)) disagree(operation, *data, *indices, axis, pickedName, *picked);
  for (int32_t i = 0; i < indexing.rank; ++i) {
    indexing.sizes[i] = data->sizes[at + i];
    indexing.strides[i] = product(*data, at + i + 1, data->rank);
  }
  return indexing;
}

void requireInside(const char* operation, const Indexing& indexing, Context& context) {
  constexpr int64_t kChunk = 16384;
  // Slices share their indices between groups.
  const int64_t groups = indexing.kind == VK_INDEX_SLICES ? 1 : indexing.groups;
  const int64_t count = groups * indexing.runs;
  std::atomic<int64_t> firstOutside{count};
  parallelFor(context, chunkCount(count, kChunk), [&](int64_t chunk) {
    const Range range = chunkRange(count, kChunk, chunk);
    for (int64_t i = range.begin; i < range.end; ++i) {
      if (indexing.isInside(i)) continue;
      int64_t known = firstOutside.load();
      while (i < known && !firstOutside.compare_exchange_weak(known, i)) {
      }
      return;
    }
  });
  const int64_t outside = firstOutside.load();
  if (outside == count) return;
  std::string text;
  for (int32_t i = 0; i < indexing.rank; ++i) {
    text += (i > 0 ? ", " : "") + std::to_string(indexing.index(outside * indexing.rank + i)) +
            " of " + std::to_string(indexing.sizes[i]);
  }
  invalidArgument("%s: index %lld is outside the data: %s", operation,
                  static_cast<long long>(outside), text.c_str());
}

}  // namespace vk
