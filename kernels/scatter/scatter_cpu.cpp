#include <cstring>
#include <type_traits>

#include "core/parallel.h"
#include "scatter/scatter.h"

namespace vk {
namespace {

constexpr int64_t kChunkBytes = 262144;
/** Elements of a run that one thread takes; runs that meet are applied in their order. */
constexpr int64_t kColumns = 1024;

void setOutput(const ScatterArgs& args, Context& context) {
  if (args.data == args.output) return;
  const int64_t bytes = args.count * elementSize(args.type);
  parallelFor(context, chunkCount(bytes, kChunkBytes), [&](int64_t chunk) {
    const Range range = chunkRange(bytes, kChunkBytes, chunk);
    const size_t length = static_cast<size_t>(range.end - range.begin);
    char* const to = static_cast<char*>(args.output) + range.begin;
    if (args.data == nullptr) {
      std::memset(to, 0, length);
    } else {
      std::memcpy(to, static_cast<const char*>(args.data) + range.begin, length);
    }
  });
}

/** Integers wrap around; NaN stays the least and the greatest. */
template <class T, vk_scatter_mode kMode>
T combined(T a, T x) {
  if constexpr (kMode == VK_SCATTER_REPLACE) return x;
  if constexpr (kMode == VK_SCATTER_MIN) return x < a || x != x ? x : a;
  if constexpr (kMode == VK_SCATTER_MAX) return x > a || x != x ? x : a;
  if constexpr (std::is_integral_v<T>) {
    using Bits = std::make_unsigned_t<T>;
    const Bits left = static_cast<Bits>(a), right = static_cast<Bits>(x);
    return static_cast<T>(kMode == VK_SCATTER_ADD ? left + right : left * right);
  } else {
    return kMode == VK_SCATTER_ADD ? a + x : a * x;
  }
}

template <class T, vk_scatter_mode kMode>
void scatterRuns(const ScatterArgs& args, Context& context) {
  const Indexing& indexing = args.indexing;
  const int64_t length = indexing.length;
  const T* const updates = static_cast<const T*>(args.updates);
  T* const output = static_cast<T*>(args.output);
  if (indexing.kind == VK_INDEX_ELEMENTS) {
    // Elements in one column along the axis may meet, others never do.
    const int64_t rows = indexing.inner > 0 ? indexing.runs / indexing.inner : 0;
    const int64_t tiles = chunkCount(indexing.inner, kColumns);
    parallelFor(context, indexing.groups * tiles, [&](int64_t unit) {
      const int64_t group = unit / tiles;
      const Range columns = chunkRange(indexing.inner, kColumns, unit % tiles);
      for (int64_t row = 0; row < rows; ++row) {
        for (int64_t column = columns.begin; column < columns.end; ++column) {
          const int64_t entry = group * indexing.runs + row * indexing.inner + column;
          int64_t at = indexing.index(entry);
          if (at < 0) at += indexing.sizes[0];
          T& to = output[group * indexing.groupElements + at * indexing.inner + column];
          to = combined<T, kMode>(to, updates[entry]);
        }
      }
    });
    return;
  }
  const int64_t tiles = chunkCount(length, kColumns);
  parallelFor(context, indexing.groups * tiles, [&](int64_t unit) {
    const int64_t group = unit / tiles;
    const Range columns = chunkRange(length, kColumns, unit % tiles);
    for (int64_t run = 0; run < indexing.runs; ++run) {
      T* const to = output + indexing.target(group, run);
      const T* const from = updates + (group * indexing.runs + run) * length;
      for (int64_t i = columns.begin; i < columns.end; ++i) {
        to[i] = combined<T, kMode>(to[i], from[i]);
      }
    }
  });
}

template <class T>
void scatterNumbers(const ScatterArgs& args, Context& context) {
  switch (args.mode) {
    case VK_SCATTER_ADD:
      return scatterRuns<T, VK_SCATTER_ADD>(args, context);
    case VK_SCATTER_MULTIPLY:
      return scatterRuns<T, VK_SCATTER_MULTIPLY>(args, context);
    case VK_SCATTER_MIN:
      return scatterRuns<T, VK_SCATTER_MIN>(args, context);
    default:
      return scatterRuns<T, VK_SCATTER_MAX>(args, context);
  }
}

}  // namespace

void scatterPlain(const ScatterArgs& args, Context& context, const Workspace&) {
  requireInside("scatter", args.indexing, context);
  setOutput(args, context);
  if (args.mode != VK_SCATTER_REPLACE) {
    switch (args.type) {
      case VK_I32:
        return scatterNumbers<int32_t>(args, context);
      case VK_I64:
        return scatterNumbers<int64_t>(args, context);
      default:
        return scatterNumbers<float>(args, context);
    }
  }
  switch (elementSize(args.type)) {
    case 1:
      return scatterRuns<uint8_t, VK_SCATTER_REPLACE>(args, context);
    case 2:
      return scatterRuns<uint16_t, VK_SCATTER_REPLACE>(args, context);
    case 4:
      return scatterRuns<uint32_t, VK_SCATTER_REPLACE>(args, context);
    default:
      return scatterRuns<uint64_t, VK_SCATTER_REPLACE>(args, context);
  }
}

}  // namespace vk
