#include <cstring>
#include <vector>

#include "non_zero/non_zero.h"

namespace vk {
namespace {

std::vector<int64_t> positionsOf(const NonZeroInput& args) {
  std::vector<int64_t> positions;
  for (int64_t i = 0; i < elementCount(args.input); ++i) {
    uint64_t element = 0;
    std::memcpy(&element, static_cast<const char*>(args.input.data) + i * args.elementBytes,
                static_cast<size_t>(args.elementBytes));
    if ((element & args.bits) != 0) positions.push_back(i);
  }
  return positions;
}

}  // namespace

void nonZeroCountReference(const NonZeroCountArgs& args, Context&, const Workspace&) {
  *args.count = int64_t(positionsOf(args).size());
}

void nonZeroReference(const NonZeroArgs& args, Context&, const Workspace&) {
  const std::vector<int64_t> positions = positionsOf(args);
  if (int64_t(positions.size()) != args.count) {
    invalidArgument("non_zero: %lld elements are not 0, but there are indices of %lld",
                    static_cast<long long>(positions.size()), static_cast<long long>(args.count));
  }
  for (size_t i = 0; i < positions.size(); ++i) {
    int64_t left = positions[i];
    for (int32_t axis = args.input.rank - 1; axis >= 0; --axis) {
      args.indices[axis * args.count + int64_t(i)] = left % args.input.sizes[axis];
      left /= args.input.sizes[axis];
    }
  }
}

}  // namespace vk
