#include <cmath>

#include "cases/case.h"
#include "voxkern/tensor.h"

namespace vk::cases {

void cumsumCase(Case& test) {
  const CaseLine& line = test.line();
  const Sizes sizes = line.sizes("shape");
  const auto axis = static_cast<int32_t>(line.integer("axis", 0));
  const int32_t exclusive = line.flag("exclusive", false);
  const int32_t reverse = line.flag("reverse", false);
  Buffer& input = line.flag("whole", false) ? test.integers("input", sizes, -9, 9)
                                            : test.uniform("input", sizes, -9, 9);
  test.spoil(input);
  const auto sumOf = [&](const Buffer& from, int32_t backwards) -> Run {
    return [&test, &from, &sizes, axis, exclusive, backwards](Call& call) {
      // Both sum in f64 in the same order.
      const vk_view* output = call.output("output", test.type(), sizes, {});
      vk_plan plan{};
      call.ok(
          vk_cumsum_plan(call.context(), from.view(), axis, exclusive, backwards, output, &plan));
      call.ok(vk_cumsum(call.context(), &plan, from.view(), axis, exclusive, backwards,
                        call.workspace(plan), output));
    };
  };
  test.run(sumOf(input, reverse));
  if (!line.flag("adjoint", false)) return;
  // The gradient is the sum from the other end.
  const Buffer& weights = test.uniform("weights", sizes, -1, 1);
  const Buffer& forward = test.reference(sumOf(input, reverse)).result("output");
  const Buffer& gradient = test.reference(sumOf(weights, 1 - reverse)).result("output");
  test.checkAdjoint(forward, weights, input, gradient);
  test.checkGradient("dvalue/dinput", input, gradient, [&] {
    return dot(test.reference(sumOf(input, reverse)).result("output"), weights);
  });
}

}  // namespace vk::cases
