#include "cases/case.h"
#include "voxkern/tensor.h"

namespace vk::cases {

void arg_reduceCase(Case& test) {
  const CaseLine& line = test.line();
  const Sizes sizes = line.sizes("shape");
  const auto axis = static_cast<int32_t>(line.integer("axis", 0));
  const bool largest = line.flag("largest", true);
  const bool last = line.flag("last", false);
  // Few different numbers: most are there more than once.
  Buffer& input = line.flag("whole", true) ? test.integers("input", sizes, -9, 9)
                                           : test.uniform("input", sizes, -9, 9);
  test.spoil(input);
  Sizes kept = sizes;
  const auto at = static_cast<size_t>(axis < 0 ? axis + int64_t(sizes.size()) : axis);
  if (at < kept.size()) {
    if (line.flag("keep", true)) {
      kept[at] = 1;
    } else {
      kept.erase(kept.begin() + int64_t(at));
    }
  }
  test.run([&](Call& call) {
    const vk_view* output = call.output("output", VK_I64, kept, {});
    vk_plan plan{};
    call.ok(vk_arg_reduce_plan(call.context(), input.view(), axis, largest, last, output, &plan));
    call.ok(vk_arg_reduce(call.context(), &plan, input.view(), axis, largest, last,
                          call.workspace(plan), output));
  });
}

}  // namespace vk::cases
