#include <cmath>
#include <cstring>
#include <type_traits>
#include <vector>

#include "gather/indexing_reference.h"
#include "scatter/scatter.h"

namespace vk {
namespace {

std::vector<int64_t> targetsOf(const Indexing& indexing) {
  std::vector<int64_t> targets(
      static_cast<size_t>(indexing.groups * indexing.runs * indexing.length));
  for (size_t i = 0; i < targets.size(); ++i) {
    targets[i] = referenceElement(indexing, static_cast<int64_t>(i));
    if (targets[i] < 0) {
      invalidArgument("scatter: update %lld has an index outside the data",
                      static_cast<long long>(i));
    }
  }
  return targets;
}

template <class T, class Sum>
void scatterNumbers(const ScatterArgs& args, const std::vector<int64_t>& targets) {
  const T* const updates = static_cast<const T*>(args.updates);
  std::vector<Sum> sums(static_cast<size_t>(args.count));
  for (size_t i = 0; i < sums.size(); ++i) {
    sums[i] = args.data == nullptr ? Sum(0) : static_cast<Sum>(static_cast<const T*>(args.data)[i]);
  }
  for (size_t i = 0; i < targets.size(); ++i) {
    Sum& sum = sums[static_cast<size_t>(targets[i])];
    const Sum x = static_cast<Sum>(updates[i]);
    switch (args.mode) {
      case VK_SCATTER_ADD:
        sum += x;
        break;
      case VK_SCATTER_MULTIPLY:
        sum *= x;
        break;
      case VK_SCATTER_MIN:
        if (!(sum <= x) && !(sum != sum)) sum = x;
        break;
      default:
        if (!(sum >= x) && !(sum != sum)) sum = x;
    }
  }
  for (size_t i = 0; i < sums.size(); ++i)
    static_cast<T*>(args.output)[i] = static_cast<T>(sums[i]);
}

}  // namespace

void scatterReference(const ScatterArgs& args, Context&, const Workspace&) {
  const std::vector<int64_t> targets = targetsOf(args.indexing);
  if (args.mode != VK_SCATTER_REPLACE) {
    switch (args.type) {
      case VK_F64:
        return scatterNumbers<double, double>(args, targets);
      case VK_I32:
        return scatterNumbers<int32_t, __int128>(args, targets);
      case VK_I64:
        return scatterNumbers<int64_t, __int128>(args, targets);
      default:
        return scatterNumbers<float, double>(args, targets);
    }
  }
  const int64_t bytes = elementSize(args.type);
  const size_t all = static_cast<size_t>(args.count * bytes);
  if (args.data == nullptr) {
    std::memset(args.output, 0, all);
  } else if (args.data != args.output) {
    std::memcpy(args.output, args.data, all);
  }
  for (size_t i = 0; i < targets.size(); ++i) {
    std::memcpy(static_cast<char*>(args.output) + targets[i] * bytes,
                static_cast<const char*>(args.updates) + static_cast<int64_t>(i) * bytes,
                static_cast<size_t>(bytes));
  }
}

}  // namespace vk
