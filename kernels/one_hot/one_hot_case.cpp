#include "cases/case.h"
#include "voxkern/tensor.h"

namespace vk::cases {

void one_hotCase(Case& test) {
  const CaseLine& line = test.line();
  const Sizes sizes = line.sizes("shape");
  const int64_t depth = line.integer("depth", 4);
  const auto axis = static_cast<int32_t>(line.integer("axis", -1));
  const bool narrow = line.word("index_type", "i64") == "i32";
  Buffer& indices = test.input("indices", narrow ? VK_I32 : VK_I64, sizes);
  SplitMix64 random(line.seed(), "indices");
  // From two below what wraps around to two beyond.
  for (int64_t i = 0; i < indices.count(); ++i) {
    indices.set(i, static_cast<double>(random.below(2 * depth + 4) - depth - 2));
  }
  const auto on = static_cast<uint64_t>(line.integer("on", 1));
  const auto off = static_cast<uint64_t>(line.integer("off", 0));
  Sizes with = sizes;
  const int64_t rank = static_cast<int64_t>(sizes.size()) + 1;
  const int64_t at = axis < 0 ? axis + rank : axis;
  with.insert(with.begin() + (at >= 0 && at < rank ? at : 0), depth);
  test.run([&](Call& call) {
    const vk_view* output = call.output("output", test.type(), with, {});
    vk_plan plan{};
    call.ok(vk_one_hot_plan(call.context(), indices.view(), axis, on, off, output, &plan));
    call.ok(vk_one_hot(call.context(), &plan, indices.view(), axis, on, off, call.workspace(plan),
                       output));
  });
}

}  // namespace vk::cases
