#include <limits>

#include "reduce/reduce.h"

namespace vk {
namespace {

/** Sums and products wrap around. */
template <class T>
T reduceOne(const ReduceArgs& args, int64_t output) {
  const ReduceLayout& layout = args.layout;
  const T* const input = static_cast<const T*>(args.input);
  const int64_t base = layout.rowIsReduced ? layout.kept.offset(output)
                                           : layout.kept.offset(output / layout.rowLength) +
                                                 output % layout.rowLength;
  const int64_t length = layout.rowIsReduced ? layout.rowLength : 1;
  const int64_t rows = layout.reduced.count();
  uint64_t sum = args.reduction == VK_REDUCTION_PRODUCT ? 1 : 0;
  T least = std::numeric_limits<T>::max();
  T greatest = std::numeric_limits<T>::min();
  for (int64_t row = 0; row < rows; ++row) {
    const T* const values = input + base + layout.reduced.offset(row);
    for (int64_t i = 0; i < length; ++i) {
      const uint64_t bits = static_cast<uint64_t>(static_cast<int64_t>(values[i]));
      switch (args.reduction) {
        case VK_REDUCTION_MAX:
          if (values[i] > greatest) greatest = values[i];
          break;
        case VK_REDUCTION_MIN:
          if (values[i] < least) least = values[i];
          break;
        case VK_REDUCTION_PRODUCT:
          sum *= bits;
          break;
        case VK_REDUCTION_L1:
          sum += values[i] < 0 ? uint64_t{0} - bits : bits;
          break;
        case VK_REDUCTION_SUM_SQUARE:
          sum += bits * bits;
          break;
        default:
          sum += bits;
      }
    }
  }
  if (args.reduction == VK_REDUCTION_MAX) return greatest;
  if (args.reduction == VK_REDUCTION_MIN) return least;
  if (args.reduction == VK_REDUCTION_MEAN) {
    return layout.reducedCount == 0
               ? T(0)
               : static_cast<T>(static_cast<int64_t>(sum) / layout.reducedCount);
  }
  return static_cast<T>(sum);
}

template <class T>
void reduceAll(const ReduceArgs& args, Context& context) {
  const int64_t each = args.layout.reducedCount > 0 ? args.layout.reducedCount : 1;
  const int64_t aChunk = ReduceLayout::kUnit / each + 1;
  parallelFor(context, chunkCount(args.layout.outputs, aChunk), [&](int64_t chunk) {
    const Range range = chunkRange(args.layout.outputs, aChunk, chunk);
    for (int64_t i = range.begin; i < range.end; ++i) {
      static_cast<T*>(args.output)[i] = reduceOne<T>(args, i);
    }
  });
}

}  // namespace

void reduceInteger(const ReduceArgs& args, Context& context, const Workspace&) {
  if (args.type == VK_I32) {
    reduceAll<int32_t>(args, context);
  } else {
    reduceAll<int64_t>(args, context);
  }
}

}  // namespace vk
