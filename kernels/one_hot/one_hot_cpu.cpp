#include <algorithm>

#include "core/parallel.h"
#include "one_hot/one_hot.h"

namespace vk {
namespace {

/** Elements of the output of a chunk, about. */
constexpr int64_t kChunk = 32768;

/** Indices [begin, end) of one outer position: off everywhere, then on at each. */
template <class T, class Index>
void write(const OneHotArgs& args, int64_t outer, int64_t begin, int64_t end) {
  const Index* const indices = static_cast<const Index*>(args.indices) + outer * args.inner;
  T* const output = static_cast<T*>(args.output) + outer * args.depth * args.inner;
  const T on = static_cast<T>(args.onBits);
  const T off = static_cast<T>(args.offBits);
  for (int64_t k = 0; k < args.depth; ++k) {
    std::fill(output + k * args.inner + begin, output + k * args.inner + end, off);
  }
  for (int64_t i = begin; i < end; ++i) {
    const int64_t index = indices[i] < 0 ? indices[i] + args.depth : int64_t{indices[i]};
    if (index >= 0 && index < args.depth) output[index * args.inner + i] = on;
  }
}

template <class T, class Index>
void writeAll(const OneHotArgs& args, Context& context) {
  if (args.outer * args.depth * args.inner == 0) return;
  // Tiles of one outer position, or several of these where they are small.
  const int64_t columns = std::max<int64_t>(1, kChunk / args.depth);
  const int64_t tiles = chunkCount(args.inner, columns);
  const int64_t outers = tiles > 1 ? 1 : std::max<int64_t>(1, columns / args.inner);
  parallelFor(context, chunkCount(args.outer, outers) * tiles, [&](int64_t chunk) {
    const Range outer = chunkRange(args.outer, outers, chunk / tiles);
    const Range inner = chunkRange(args.inner, columns, chunk % tiles);
    for (int64_t i = outer.begin; i < outer.end; ++i) {
      write<T, Index>(args, i, inner.begin, inner.end);
    }
  });
}

template <class T>
void writeOf(const OneHotArgs& args, Context& context) {
  if (args.indexType == VK_I32) return writeAll<T, int32_t>(args, context);
  return writeAll<T, int64_t>(args, context);
}

}  // namespace

void oneHotPlain(const OneHotArgs& args, Context& context, const Workspace&) {
  switch (args.elementBytes) {
    case 1:
      return writeOf<uint8_t>(args, context);
    case 2:
      return writeOf<uint16_t>(args, context);
    case 4:
      return writeOf<uint32_t>(args, context);
    default:
      return writeOf<uint64_t>(args, context);
  }
}

}  // namespace vk
