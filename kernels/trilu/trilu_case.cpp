#include "cases/case.h"
#include "voxkern/tensor.h"

namespace vk::cases {

void triluCase(Case& test) {
  const CaseLine& line = test.line();
  const Sizes sizes = line.sizes("shape");
  Buffer& input = test.integers("input", sizes, test.type() == VK_BOOL ? 0 : 1, 1);
  test.spoil(input);
  const int32_t upper = line.flag("upper", true);
  const int64_t diagonal = line.integer("diagonal", 0);
  test.run([&](Call& call) {
    const vk_view* output = call.output("output", test.type(), sizes, {});
    vk_plan plan{};
    call.ok(vk_trilu_plan(call.context(), input.view(), upper, diagonal, output, &plan));
    call.ok(vk_trilu(call.context(), &plan, input.view(), upper, diagonal, call.workspace(plan),
                     output));
  });
}

}  // namespace vk::cases
