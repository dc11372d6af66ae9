#include "cumsum/cumsum.h"

namespace vk {
namespace {

template <class T, class Sum>
void sum(const CumsumArgs& args) {
  const AxisSplit& split = args.split;
  const T* const input = static_cast<const T*>(args.input);
  T* const output = static_cast<T*>(args.output);
  for (int64_t outer = 0; outer < split.outer; ++outer) {
    for (int64_t inner = 0; inner < split.inner; ++inner) {
      const auto at = [&](int64_t i) { return (outer * split.size + i) * split.inner + inner; };
      for (int64_t i = 0; i < split.size; ++i) {
        Sum total = 0;
        // From the end that the sum begins at, so that the order is the contract's.
        for (int64_t k = 0; k < split.size; ++k) {
          const int64_t j = args.reverse ? split.size - 1 - k : k;
          const bool before = args.reverse ? j > i : j < i;
          if (before || (j == i && !args.exclusive)) total += Sum(input[at(j)]);
        }
        output[at(i)] = T(total);
      }
    }
  }
}

}  // namespace

void cumsumReference(const CumsumArgs& args, Context&, const Workspace&) {
  switch (args.type) {
    case VK_I32:
      return sum<int32_t, uint32_t>(args);
    case VK_I64:
      return sum<int64_t, uint64_t>(args);
    case VK_F64:
      return sum<double, double>(args);
    default:
      return sum<float, double>(args);
  }
}

}  // namespace vk
