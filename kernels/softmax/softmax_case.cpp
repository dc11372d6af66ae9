#include <cmath>

#include "cases/case.h"
#include "cases/normalization.h"
#include "voxkern/normalization.h"

namespace vk::cases {
namespace {

vk_softmax_params paramsOf(const CaseLine& line) {
  return {sizeof(vk_softmax_params), int32_t(line.integer("axis", 1)),
          line.flag("log", false) ? 1 : 0};
}

/** The logarithm is a difference of numbers as large as the inputs. */
Bound softmaxBound(const vk_softmax_params& params) {
  return params.logarithm != 0 ? Bound{.relative = 5e-7, .absolute = 2e-6}
                               : Bound{.relative = 2e-6, .absolute = 1e-30};
}

Run forwardOf(Case& test, const vk_softmax_params& params, const Buffer& input,
              const Sizes& sizes) {
  return [&test, &params, &input, sizes](Call& call) {
    const vk_view* output = call.output("output", test.type(), sizes, softmaxBound(params));
    const bool inPlace = test.line().flag("in_place", false);
    const vk_view* from = inPlace ? copied(call, input, output) : input.view();
    vk_plan plan{};
    call.ok(vk_softmax_plan(call.context(), from, &params, output, &plan));
    call.ok(vk_softmax(call.context(), &plan, from, &params, call.workspace(plan), output));
  };
}

}  // namespace

void softmaxCase(Case& test) {
  const vk_softmax_params params = paramsOf(test.line());
  const Sizes sizes = test.line().sizes("shape");
  const double range = test.line().number("range", 5);
  Buffer& input = test.uniform("input", sizes, -range, range);
  test.spoil(input);
  const Run forward = forwardOf(test, params, input, sizes);
  test.run(forward);
  if (!test.line().flag("sums", false)) return;
  const Buffer& output = test.reference(forward).result("output");
  double total = 0;
  for (int64_t i = 0; i < output.count(); ++i) {
    total += params.logarithm != 0 ? std::exp(output.get(i)) : output.get(i);
  }
  const double lines = double(output.count()) / double(sizes[size_t(params.axis)]);
  test.expect(std::fabs(total - lines) < 1e-5 * lines, "%g lines sum to %g", lines, total);
}

void softmax_gradientCase(Case& test) {
  const vk_softmax_params params = paramsOf(test.line());
  const Sizes sizes = test.line().sizes("shape");
  const bool log = params.logarithm != 0;
  // With differences the output is that of an input; else any numbers do.
  const bool differences = test.line().flag("differences", false);
  Buffer& output = test.uniform("output", sizes, log ? -6 : 0, log ? 0 : 1);
  test.spoil(output);
  Buffer& outputGradient = test.uniform("output_gradient", sizes, -1, 1);
  Buffer& input = test.uniform("input", sizes, -5, 5);
  const Run forward = forwardOf(test, params, input, sizes);
  if (differences) {
    const Buffer& made = test.reference(forward).result("output");
    for (int64_t i = 0; i < made.count(); ++i) output.set(i, made.get(i));
  }
  const Run gradient = [&](Call& call) {
    const vk_view* result = call.output("input_gradient", test.type(), sizes,
                                        {.relative = 1e-6, .absolute = 1e-6, .ofLargest = 2e-6});
    vk_plan plan{};
    call.ok(vk_softmax_gradient_plan(call.context(), output.view(), outputGradient.view(), &params,
                                     result, &plan));
    call.ok(vk_softmax_gradient(call.context(), &plan, output.view(), outputGradient.view(),
                                &params, call.workspace(plan), result));
  };
  test.run(gradient);
  if (!differences) return;
  test.checkGradient(
      "dsoftmax/dx", input, test.reference(gradient).result("input_gradient"),
      [&] { return productSum(test.reference(forward).result("output"), outputGradient); },
      {.step = 1e-5, .tolerance = 1e-7});
}

}  // namespace vk::cases
