#include <cmath>

#include "cases/case.h"
#include "cases/normalization.h"
#include "voxkern/normalization.h"

namespace vk::cases {
namespace {

vk_lp_normalize_params paramsOf(const CaseLine& line) {
  return {sizeof(vk_lp_normalize_params), int32_t(line.integer("axis", 1)),
          int32_t(line.integer("p", 2)), line.number("epsilon", 1e-12)};
}

Run forwardOf(Case& test, const vk_lp_normalize_params& params, const Buffer& input,
              const Sizes& sizes) {
  return [&test, &params, &input, sizes](Call& call) {
    const vk_view* output =
        call.output("output", test.type(), sizes, {.relative = 5e-7, .absolute = 1e-37});
    vk_plan plan{};
    call.ok(vk_lp_normalize_plan(call.context(), input.view(), &params, output, &plan));
    call.ok(vk_lp_normalize(call.context(), &plan, input.view(), &params, call.workspace(plan),
                            output));
  };
}

Buffer& inputOf(Case& test, const Sizes& sizes) {
  const double range = test.line().number("range", 3);
  Buffer& input = test.uniform("input", sizes, -range, range);
  test.spoil(input);
  return input;
}

}  // namespace

void lp_normalizeCase(Case& test) {
  const vk_lp_normalize_params params = paramsOf(test.line());
  const Sizes sizes = test.line().sizes("shape");
  const Buffer& input = inputOf(test, sizes);
  const Run forward = forwardOf(test, params, input, sizes);
  test.run(forward);
  if (!test.line().flag("lengths", false)) return;
  // Every line has length 1.
  const Buffer& output = test.reference(forward).result("output");
  double total = 0;
  for (int64_t i = 0; i < output.count(); ++i) {
    total += params.p == 1 ? std::fabs(output.get(i)) : output.get(i) * output.get(i);
  }
  const double lines = double(output.count()) / double(sizes[size_t(params.axis)]);
  test.expect(std::fabs(total - lines) < 1e-5 * lines, "%g lines have %g", lines, total);
}

void lp_normalize_gradientCase(Case& test) {
  const vk_lp_normalize_params params = paramsOf(test.line());
  const Sizes sizes = test.line().sizes("shape");
  Buffer& input = inputOf(test, sizes);
  Buffer& outputGradient = test.uniform("output_gradient", sizes, -1, 1);
  const Run gradient = [&](Call& call) {
    const vk_view* result = call.output("input_gradient", test.type(), sizes,
                                        {.relative = 1e-6, .absolute = 1e-6, .ofLargest = 2e-6});
    vk_plan plan{};
    call.ok(vk_lp_normalize_gradient_plan(call.context(), input.view(), outputGradient.view(),
                                          &params, result, &plan));
    call.ok(vk_lp_normalize_gradient(call.context(), &plan, input.view(), outputGradient.view(),
                                     &params, call.workspace(plan), result));
  };
  test.run(gradient);
  if (!test.line().flag("differences", false)) return;
  const Run forward = forwardOf(test, params, input, sizes);
  test.checkGradient(
      "dy/dx", input, test.reference(gradient).result("input_gradient"),
      [&] { return productSum(test.reference(forward).result("output"), outputGradient); },
      {.step = 1e-5, .tolerance = 1e-7});
}

}  // namespace vk::cases
