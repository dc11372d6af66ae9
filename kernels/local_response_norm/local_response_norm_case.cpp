#include "cases/case.h"
#include "cases/normalization.h"
#include "voxkern/normalization.h"

namespace vk::cases {
namespace {

vk_local_response_norm_params paramsOf(const CaseLine& line) {
  const int64_t size = line.integer("size", 5);
  return {sizeof(vk_local_response_norm_params),
          size,
          line.integer("before", (size - 1) / 2),
          line.number("alpha", 1e-4),
          line.number("beta", 0.75),
          line.number("bias", 1)};
}

Run forwardOf(Case& test, const vk_local_response_norm_params& params, const Buffer& input,
              const Sizes& sizes) {
  return [&test, &params, &input, sizes](Call& call) {
    const vk_view* output =
        call.output("output", test.type(), sizes, {.relative = 2e-6, .absolute = 1e-30});
    vk_plan plan{};
    call.ok(vk_local_response_norm_plan(call.context(), input.view(), &params, output, &plan));
    call.ok(vk_local_response_norm(call.context(), &plan, input.view(), &params,
                                   call.workspace(plan), output));
  };
}

Buffer& inputOf(Case& test, const Sizes& sizes) {
  const double range = test.line().number("range", 3);
  Buffer& input = test.uniform("input", sizes, -range, range);
  test.spoil(input);
  return input;
}

}  // namespace

void local_response_normCase(Case& test) {
  const vk_local_response_norm_params params = paramsOf(test.line());
  const Sizes sizes = test.line().sizes("shape");
  const Buffer& input = inputOf(test, sizes);
  test.run(forwardOf(test, params, input, sizes));
}

void local_response_norm_gradientCase(Case& test) {
  const vk_local_response_norm_params params = paramsOf(test.line());
  const Sizes sizes = test.line().sizes("shape");
  Buffer& input = inputOf(test, sizes);
  Buffer& outputGradient = test.uniform("output_gradient", sizes, -1, 1);
  const Run gradient = [&](Call& call) {
    const vk_view* result = call.output("input_gradient", test.type(), sizes,
                                        {.relative = 1e-6, .absolute = 1e-6, .ofLargest = 2e-6});
    vk_plan plan{};
    call.ok(vk_local_response_norm_gradient_plan(call.context(), input.view(),
                                                 outputGradient.view(), &params, result, &plan));
    call.ok(vk_local_response_norm_gradient(call.context(), &plan, input.view(),
                                            outputGradient.view(), &params, call.workspace(plan),
                                            result));
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
