#include "core/parallel.h"
#include "cumsum/cumsum.h"

namespace vk {
namespace {

/** Columns beside the axis whose sums stay in the first-level cache. */
constexpr int64_t kColumns = 512;
/** Rows of a chunk where the axis is the last one have about this many elements. */
constexpr int64_t kElements = 32768;

/** One line along the axis for each of `width` columns. */
template <class T, class Sum>
void sumColumns(const CumsumArgs& args, int64_t begin, int64_t width) {
  const AxisSplit& split = args.split;
  Sum sums[kColumns];
  for (int64_t column = 0; column < width; ++column) sums[column] = 0;
  for (int64_t i = 0; i < split.size; ++i) {
    const int64_t at = begin + (args.reverse ? split.size - 1 - i : i) * split.inner;
    const T* const input = static_cast<const T*>(args.input) + at;
    T* const output = static_cast<T*>(args.output) + at;
    if (args.exclusive) {
      for (int64_t column = 0; column < width; ++column) {
        const Sum value = static_cast<Sum>(input[column]);
        output[column] = static_cast<T>(sums[column]);
        sums[column] += value;
      }
    } else {
      for (int64_t column = 0; column < width; ++column) {
        sums[column] += static_cast<Sum>(input[column]);
        output[column] = static_cast<T>(sums[column]);
      }
    }
  }
}

/** Sum is unsigned for whole numbers, which wrap around. */
template <class T, class Sum>
void sum(const CumsumArgs& args, Context& context) {
  const AxisSplit& split = args.split;
  if (split.outer * split.size * split.inner == 0) return;
  if (split.inner == 1) {
    const int64_t rows = split.size < kElements ? kElements / split.size : 1;
    parallelFor(context, chunkCount(split.outer, rows), [&](int64_t chunk) {
      const Range range = chunkRange(split.outer, rows, chunk);
      for (int64_t row = range.begin; row < range.end; ++row) {
        sumColumns<T, Sum>(args, row * split.size, 1);
      }
    });
    return;
  }
  const int64_t tiles = chunkCount(split.inner, kColumns);
  parallelFor(context, split.outer * tiles, [&](int64_t chunk) {
    const Range columns = chunkRange(split.inner, kColumns, chunk % tiles);
    sumColumns<T, Sum>(args, chunk / tiles * split.size * split.inner + columns.begin,
                       columns.end - columns.begin);
  });
}

}  // namespace

void cumsumPlain(const CumsumArgs& args, Context& context, const Workspace&) {
  switch (args.type) {
    case VK_I32:
      return sum<int32_t, uint32_t>(args, context);
    case VK_I64:
      return sum<int64_t, uint64_t>(args, context);
    case VK_F64:
      return sum<double, double>(args, context);
    default:
      return sum<float, double>(args, context);
  }
}

}  // namespace vk
