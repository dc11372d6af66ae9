#include <cmath>

#include "cases/case.h"
#include "cases/normalization.h"
#include "voxkern/normalization.h"

namespace vk::cases {
namespace {

vk_group_norm_params paramsOf(const CaseLine& line) {
  return {sizeof(vk_group_norm_params), fusedActivation(line), line.number("slope", 0.01),
          line.integer("groups", 1), line.number("epsilon", 1e-5)};
}

/** Of group (n, g), whose elements are contiguous. */
void setStatistics(const Buffer& input, int64_t groups, double epsilon, Buffer& mean,
                   Buffer& inverse) {
  const int64_t count = groups > 0 ? input.count() / groups : 0;
  for (int64_t group = 0; group < mean.count(); ++group) {
    setMoments(count, epsilon, group, mean, inverse,
               [&](int64_t i) { return input.get(group * count + i); });
  }
}

}  // namespace

void group_normCase(Case& test) {
  const vk_group_norm_params params = paramsOf(test.line());
  const NormInputs inputs(test, test.line().sizes("shape"));
  const Sizes statistics = {inputs.sizes[0], params.groups};
  const bool inPlace = test.line().flag("in_place", false);
  test.run([&](Call& call) {
    const vk_view* output = call.output("output", test.type(), inputs.sizes, normBound());
    const vk_view* input = inPlace ? copied(call, inputs.input, output) : inputs.input.view();
    const vk_view* mean =
        inputs.saved ? call.output("mean", test.type(), statistics, meanBound()) : nullptr;
    const vk_view* inverse =
        inputs.saved ? call.output("inverse_deviation", test.type(), statistics, {.relative = 1e-6})
                     : nullptr;
    vk_plan plan{};
    call.ok(vk_group_norm_plan(call.context(), input, inputs.scale.view(), inputs.shift.view(),
                               &params, output, mean, inverse, &plan));
    call.ok(vk_group_norm(call.context(), &plan, input, inputs.scale.view(), inputs.shift.view(),
                          &params, call.workspace(plan), output, mean, inverse));
  });
}

void group_norm_gradientCase(Case& test) {
  const vk_group_norm_params params = paramsOf(test.line());
  const NormInputs inputs(test, test.line().sizes("shape"));
  const Sizes statistics = {inputs.sizes[0], params.groups};
  Buffer& mean = test.input("mean", test.type(), statistics);
  Buffer& inverse = test.input("inverse_deviation", test.type(), statistics);
  setStatistics(inputs.input, statistics[0] * statistics[1], params.epsilon, mean, inverse);
  Buffer& outputGradient = test.uniform("output_gradient", inputs.sizes, -1, 1);
  const Run gradient = [&](Call& call) {
    const NormGradients gradients(call, inputs, test.type());
    vk_plan plan{};
    call.ok(vk_group_norm_gradient_plan(call.context(), inputs.input.view(), inputs.scale.view(),
                                        inputs.shift.view(), mean.view(), inverse.view(),
                                        outputGradient.view(), &params, gradients.input,
                                        gradients.scale, gradients.shift, &plan));
    call.ok(vk_group_norm_gradient(call.context(), &plan, inputs.input.view(), inputs.scale.view(),
                                   inputs.shift.view(), mean.view(), inverse.view(),
                                   outputGradient.view(), &params, call.workspace(plan),
                                   gradients.input, gradients.scale, gradients.shift));
  };
  test.run(gradient);
  if (!test.line().flag("differences", false)) return;
  const Run forward = [&](Call& call) {
    const vk_view* output = call.output("output", test.type(), inputs.sizes, {});
    vk_plan plan{};
    call.ok(vk_group_norm_plan(call.context(), inputs.input.view(), inputs.scale.view(),
                               inputs.shift.view(), &params, output, nullptr, nullptr, &plan));
    call.ok(vk_group_norm(call.context(), &plan, inputs.input.view(), inputs.scale.view(),
                          inputs.shift.view(), &params, nullptr, output, nullptr, nullptr));
  };
  checkNormGradients(test, inputs, test.reference(gradient), [&] {
    return productSum(test.reference(forward).result("output"), outputGradient);
  });
}

}  // namespace vk::cases
