#include <algorithm>
#include <cstring>

#include "core/parallel.h"
#include "trilu/trilu.h"

namespace vk {

void triluPlain(const TriluArgs& args, Context& context, const Workspace&) {
  constexpr int64_t kChunkBytes = 131072;
  const int64_t rows = args.matrices * args.rows;
  const int64_t bytes = args.columns * args.elementBytes;
  if (rows * bytes == 0) return;
  const int64_t aChunk = kChunkBytes / bytes + 1;
  parallelFor(context, chunkCount(rows, aChunk), [&](int64_t chunk) {
    const Range range = chunkRange(rows, aChunk, chunk);
    for (int64_t i = range.begin; i < range.end; ++i) {
      const char* const from = static_cast<const char*>(args.input) + i * bytes;
      char* const to = static_cast<char*>(args.output) + i * bytes;
      // What is kept is [first, last).
      const int64_t diagonal = i % args.rows + args.diagonal;
      const int64_t first = args.upper ? std::clamp<int64_t>(diagonal, 0, args.columns) : 0;
      const int64_t last =
          args.upper ? args.columns : std::clamp<int64_t>(diagonal + 1, 0, args.columns);
      const int64_t begin = first * args.elementBytes;
      const int64_t end = last * args.elementBytes;
      std::memset(to, 0, static_cast<size_t>(begin));
      std::memcpy(to + begin, from + begin, static_cast<size_t>(end - begin));
      std::memset(to + end, 0, static_cast<size_t>(bytes - end));
    }
  });
}

}  // namespace vk
