#include "cases/case.h"
#include "voxkern/tensor.h"

namespace vk::cases {

void top_kCase(Case& test) {
  const CaseLine& line = test.line();
  const Sizes sizes = line.sizes("shape");
  const auto axis = static_cast<int32_t>(line.integer("axis", 0));
  const int64_t k = line.integer("k", 1);
  const bool largest = line.flag("largest", true);
  const int64_t from = line.integer("from", -9);
  Buffer& input = line.flag("whole", true) ? test.integers("input", sizes, from, 9)
                                           : test.uniform("input", sizes, double(from), 9);
  test.spoil(input);
  Sizes kept = sizes;
  const auto at = static_cast<size_t>(axis < 0 ? axis + int64_t(sizes.size()) : axis);
  if (at < kept.size()) kept[at] = k;
  test.run([&](Call& call) {
    const vk_view* values = call.output("values", test.type(), kept, {});
    const vk_view* indices = call.output("indices", VK_I64, kept, {});
    vk_plan plan{};
    call.ok(vk_top_k_plan(call.context(), input.view(), axis, largest, values, indices, &plan));
    call.ok(vk_top_k(call.context(), &plan, input.view(), axis, largest, call.workspace(plan),
                     values, indices));
  });
}

}  // namespace vk::cases
