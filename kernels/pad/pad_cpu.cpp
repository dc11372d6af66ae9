#include <cstring>

#include "pad/pad.h"
#include "pad/pad_math.h"

namespace vk {
namespace {

constexpr int64_t kChunkBytes = 131072;

/** Where a row of the output comes from, for the axes in front of the row. */
int64_t sourceRow(const PadArgs& args, int64_t row) {
  int64_t source = 0;
  int64_t stride = 1;
  for (int32_t i = args.rank - 2; i >= 0; --i) {
    const PadAxis& axis = args.axes[i];
    const int64_t at = padSource(args.mode, axis, row % axis.outputSize);
    if (at < 0) return -1;
    row /= axis.outputSize;
    source += at * stride;
    stride *= axis.inputSize;
  }
  return source;
}

template <class T>
void padRow(const PadArgs& args, const T* from, T fill, T* to) {
  const PadAxis& axis = args.axes[args.rank - 1];
  if (from == nullptr) {
    for (int64_t i = 0; i < axis.outputSize; ++i) to[i] = fill;
    return;
  }
  const int64_t first = axis.begin < 0                 ? 0
                        : axis.begin < axis.outputSize ? axis.begin
                                                       : axis.outputSize;
  const int64_t reach = axis.begin + axis.inputSize;
  const int64_t end = reach < first ? first : reach < axis.outputSize ? reach : axis.outputSize;
  const auto border = [&](int64_t i) {
    const int64_t at = padSource(args.mode, axis, i);
    to[i] = at < 0 ? fill : from[at];
  };
  for (int64_t i = 0; i < first; ++i) border(i);
  if (end > first) {
    std::memcpy(to + first, from + (first - axis.begin),
                static_cast<size_t>(end - first) * sizeof(T));
  }
  for (int64_t i = end; i < axis.outputSize; ++i) border(i);
}

template <class T>
void padAll(const PadArgs& args, Context& context) {
  const PadAxis& last = args.axes[args.rank - 1];
  int64_t rows = 1;
  for (int32_t i = 0; i < args.rank - 1; ++i) rows *= args.axes[i].outputSize;
  if (rows * last.outputSize == 0) return;
  const T fill = static_cast<T>(args.fillBits);
  const int64_t aChunk = kChunkBytes / (last.outputSize * static_cast<int64_t>(sizeof(T))) + 1;
  parallelFor(context, chunkCount(rows, aChunk), [&](int64_t chunk) {
    const Range range = chunkRange(rows, aChunk, chunk);
    for (int64_t row = range.begin; row < range.end; ++row) {
      const int64_t source = sourceRow(args, row);
      const T* const from =
          source < 0 ? nullptr : static_cast<const T*>(args.input) + source * last.inputSize;
      padRow(args, from, fill, static_cast<T*>(args.output) + row * last.outputSize);
    }
  });
}

}  // namespace

void padPlain(const PadArgs& args, Context& context, const Workspace&) {
  switch (elementSize(args.type)) {
    case 1:
      return padAll<uint8_t>(args, context);
    case 2:
      return padAll<uint16_t>(args, context);
    case 4:
      return padAll<uint32_t>(args, context);
    default:
      return padAll<uint64_t>(args, context);
  }
}

}  // namespace vk
