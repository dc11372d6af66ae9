#include <algorithm>
#include <numeric>
#include <vector>

#include "top_k/top_k.h"

namespace vk {
namespace {

template <class T>
void sortAll(const TopKArgs& args) {
  const AxisSplit& split = args.split;
  for (int64_t outer = 0; outer < split.outer; ++outer) {
    for (int64_t inner = 0; inner < split.inner; ++inner) {
      const T* const x =
          static_cast<const T*>(args.input) + outer * split.size * split.inner + inner;
      // NaN is above every number.
      const auto less = [](T a, T b) { return a < b || (b != b && a == a); };
      std::vector<int64_t> order(static_cast<size_t>(split.size));
      std::iota(order.begin(), order.end(), int64_t{0});
      std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
        const T left = x[a * split.inner], right = x[b * split.inner];
        return args.largest ? less(right, left) : less(left, right);
      });
      for (int64_t i = 0; i < args.k; ++i) {
        const int64_t to = (outer * args.k + i) * split.inner + inner;
        const int64_t from = order[static_cast<size_t>(i)];
        args.indices[to] = from;
        static_cast<T*>(args.values)[to] = x[from * split.inner];
      }
    }
  }
}

}  // namespace

void topKReference(const TopKArgs& args, Context&, const Workspace&) {
  switch (args.type) {
    case VK_F64:
      return sortAll<double>(args);
    case VK_I32:
      return sortAll<int32_t>(args);
    case VK_I64:
      return sortAll<int64_t>(args);
    case VK_U64:
      return sortAll<uint64_t>(args);
    default:
      return sortAll<float>(args);
  }
}

}  // namespace vk
