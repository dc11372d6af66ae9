#include "arg_reduce/arg_reduce.h"

namespace vk {
namespace {

/** Elements of a chunk, about. */
constexpr int64_t kChunk = 65536;
/** Columns that are looked at together: their best ones stay in the first-level cache. */
constexpr int64_t kColumns = 512;

/** Whether x takes the place of `best`; NaN beats every number. */
template <class T, bool kLargest, bool kLast>
bool beats(T x, T best) {
  if constexpr (kLast) {
    return (kLargest ? x >= best : x <= best) || x != x;
  } else {
    return (kLargest ? x > best : x < best) || (x != x && best == best);
  }
}

template <class T, bool kLargest, bool kLast>
int64_t alongRow(const T* row, int64_t count) {
  T best = row[0];
  int64_t where = 0;
  for (int64_t i = 1; i < count; ++i) {
    // A number never beats NaN: comparisons with it are false.
    if (beats<T, kLargest, kLast>(row[i], best)) {
      best = row[i];
      where = i;
    }
  }
  return where;
}

template <class T, bool kLargest, bool kLast>
void acrossRows(const T* values, int64_t count, int64_t step, int64_t columns, int64_t* output) {
  T best[kColumns];
  // As wide as the values, so that one mask serves both.
  using Index = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;
  Index where[kColumns];
  for (int64_t i = 0; i < columns; ++i) {
    best[i] = values[i];
    where[i] = 0;
  }
  for (int64_t row = 1; row < count; ++row) {
    const T* const x = values + row * step;
    for (int64_t i = 0; i < columns; ++i) {
      const bool wins = beats<T, kLargest, kLast>(x[i], best[i]);
      best[i] = wins ? x[i] : best[i];
      where[i] = wins ? static_cast<Index>(row) : where[i];
    }
  }
  for (int64_t i = 0; i < columns; ++i) output[i] = where[i];
}

template <class T, bool kLargest, bool kLast>
void search(const ArgReduceArgs& args, Context& context) {
  const AxisSplit& split = args.split;
  const T* const input = static_cast<const T*>(args.input);
  const int64_t aRow = chunkCount(split.inner, kColumns);
  const int64_t width = split.inner < kColumns ? split.inner : kColumns;
  const int64_t tiles = split.outer * aRow;
  const int64_t aChunk = kChunk / (width * split.size + 1) + 1;
  parallelFor(context, chunkCount(tiles, aChunk), [&](int64_t chunk) {
    const Range range = chunkRange(tiles, aChunk, chunk);
    for (int64_t tile = range.begin; tile < range.end; ++tile) {
      const int64_t outer = tile / aRow;
      const Range columns = chunkRange(split.inner, kColumns, tile % aRow);
      const T* const values = input + outer * split.size * split.inner + columns.begin;
      int64_t* const output = args.output + outer * split.inner + columns.begin;
      if (split.inner == 1) {
        *output = alongRow<T, kLargest, kLast>(values, split.size);
      } else {
        acrossRows<T, kLargest, kLast>(values, split.size, split.inner, columns.end - columns.begin,
                                       output);
      }
    }
  });
}

template <class T>
void searchFor(const ArgReduceArgs& args, Context& context) {
  if (args.largest) {
    args.selectLast ? search<T, true, true>(args, context) : search<T, true, false>(args, context);
  } else {
    args.selectLast ? search<T, false, true>(args, context)
                    : search<T, false, false>(args, context);
  }
}

}  // namespace

void argReducePlain(const ArgReduceArgs& args, Context& context, const Workspace&) {
  if (args.split.outer * args.split.inner == 0) return;
  switch (args.type) {
    case VK_I32:
      return searchFor<int32_t>(args, context);
    case VK_I64:
      return searchFor<int64_t>(args, context);
    default:
      return searchFor<float>(args, context);
  }
}

}  // namespace vk
