#include "core/carve.h"
#include "pad/pad.h"
#include "pad/pad_math.h"

namespace vk {
namespace {

constexpr int64_t kChunk = 32768;

/** Output positions along an axis that come from each input position, in ascending order: those of
 * position i are positions[starts[i]] to positions[starts[i + 1]]. */
struct AxisTargets {
  int64_t* starts;
  int64_t* positions;
};

struct Tables {
  AxisTargets axes[VK_MAX_RANK];
  int64_t bytes;

  Tables(const PadArgs& args, void* memory) {
    Carver carver(memory);
    // The row needs none: it is added as a whole.
    for (int32_t i = 0; i < args.rank - 1; ++i) {
      axes[i].starts = carver.take<int64_t>(args.axes[i].inputSize + 1);
      axes[i].positions = carver.take<int64_t>(args.axes[i].outputSize);
    }
    bytes = carver.bytes();
  }

  void fill(const PadArgs& args) {
    for (int32_t i = 0; i < args.rank - 1; ++i) {
      const PadAxis& axis = args.axes[i];
      int64_t* const starts = axes[i].starts;
      for (int64_t at = 0; at <= axis.inputSize; ++at) starts[at] = 0;
      for (int64_t out = 0; out < axis.outputSize; ++out) {
        const int64_t at = padSource(args.mode, axis, out);
        if (at >= 0) ++starts[at + 1];
      }
      for (int64_t at = 0; at < axis.inputSize; ++at) starts[at + 1] += starts[at];
      // Filling moves each start to its end, which is the next one's start.
      for (int64_t out = 0; out < axis.outputSize; ++out) {
        const int64_t at = padSource(args.mode, axis, out);
        if (at >= 0) axes[i].positions[starts[at]++] = out;
      }
      for (int64_t at = axis.inputSize; at > 0; --at) starts[at] = starts[at - 1];
      starts[0] = 0;
    }
  }
};

void addRow(const PadArgs& args, const float* from, float* to) {
  const PadAxis& axis = args.axes[args.rank - 1];
  const int64_t first = axis.begin < 0                 ? 0
                        : axis.begin < axis.outputSize ? axis.begin
                                                       : axis.outputSize;
  const int64_t reach = axis.begin + axis.inputSize;
  const int64_t end = reach < first ? first : reach < axis.outputSize ? reach : axis.outputSize;
  float* const middle = to - axis.begin;
  for (int64_t i = first; i < end; ++i) middle[i] += from[i];
  const auto border = [&](int64_t i) {
    const int64_t at = padSource(args.mode, axis, i);
    if (at >= 0) to[at] += from[i];
  };
  for (int64_t i = 0; i < first; ++i) border(i);
  for (int64_t i = end; i < axis.outputSize; ++i) border(i);
}

/** One row of the input: the sum of all rows of the output that come from it. */
void gradientRow(const PadArgs& args, const Tables& tables, int64_t row) {
  const PadAxis& last = args.axes[args.rank - 1];
  float* const to = static_cast<float*>(args.input) + row * last.inputSize;
  for (int64_t i = 0; i < last.inputSize; ++i) to[i] = 0;
  int64_t begin[VK_MAX_RANK], end[VK_MAX_RANK], at[VK_MAX_RANK];
  for (int32_t i = args.rank - 2; i >= 0; --i) {
    const int64_t position = row % args.axes[i].inputSize;
    row /= args.axes[i].inputSize;
    begin[i] = at[i] = tables.axes[i].starts[position];
    end[i] = tables.axes[i].starts[position + 1];
    if (begin[i] == end[i]) return;
  }
  for (;;) {
    int64_t source = 0;
    for (int32_t i = 0; i < args.rank - 1; ++i) {
      source = source * args.axes[i].outputSize + tables.axes[i].positions[at[i]];
    }
    addRow(args, static_cast<const float*>(args.output) + source * last.outputSize, to);
    int32_t i = args.rank - 2;
    while (i >= 0 && ++at[i] == end[i]) {
      at[i] = begin[i];
      --i;
    }
    if (i < 0) return;
  }
}

}  // namespace

int64_t padGradientWorkspaceBytes(const PadArgs& args) { return Tables(args, nullptr).bytes; }

void padGradientPlain(const PadArgs& args, Context& context, const Workspace& workspace) {
  Tables tables(args, workspace.data);
  tables.fill(args);
  const PadAxis& last = args.axes[args.rank - 1];
  int64_t rows = 1;
  for (int32_t i = 0; i < args.rank - 1; ++i) rows *= args.axes[i].inputSize;
  const int64_t aChunk = kChunk / (last.inputSize + 1) + 1;
  parallelFor(context, chunkCount(rows, aChunk), [&](int64_t chunk) {
    const Range range = chunkRange(rows, aChunk, chunk);
    for (int64_t row = range.begin; row < range.end; ++row) gradientRow(args, tables, row);
  });
}

}  // namespace vk
