#include <cmath>

#include "arg_reduce/arg_reduce.h"

namespace vk {
namespace {

template <class T>
void search(const ArgReduceArgs& args) {
  const AxisSplit& split = args.split;
  const T* const input = static_cast<const T*>(args.input);
  const auto isNan = [](T x) { return x != x; };
  for (int64_t outer = 0; outer < split.outer; ++outer) {
    for (int64_t inner = 0; inner < split.inner; ++inner) {
      const auto at = [&](int64_t i) {
        return input[(outer * split.size + i) * split.inner + inner];
      };
      // First what the best value is, then where it lies.
      T best = at(0);
      for (int64_t i = 1; i < split.size; ++i) {
        if (isNan(best)) break;
        if (isNan(at(i)) || (args.largest ? best < at(i) : at(i) < best)) best = at(i);
      }
      int64_t where = -1;
      for (int64_t i = 0; i < split.size; ++i) {
        const bool equal = isNan(best) ? isNan(at(i)) : at(i) == best;
        if (equal && (where < 0 || args.selectLast)) where = i;
      }
      args.output[outer * split.inner + inner] = where;
    }
  }
}

}  // namespace

void argReduceReference(const ArgReduceArgs& args, Context&, const Workspace&) {
  switch (args.type) {
    case VK_F64:
      return search<double>(args);
    case VK_I32:
      return search<int32_t>(args);
    case VK_I64:
      return search<int64_t>(args);
    default:
      return search<float>(args);
  }
}

}  // namespace vk
