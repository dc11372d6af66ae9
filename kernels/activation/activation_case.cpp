#include <array>

#include "cases/case.h"
#include "cases/normalization.h"
#include "voxkern/activation.h"

namespace vk::cases {
namespace {

constexpr std::array<const char*, 19> kKinds = {
    "none",  "relu",       "leaky",     "thresholded", "clip",        "elu",          "selu",
    "celu",  "gelu",       "gelu_tanh", "sigmoid",     "log_sigmoid", "hard_sigmoid", "tanh",
    "swish", "hard_swish", "softplus",  "mish",        "softsign"};

vk_activation_params paramsOf(const CaseLine& line) {
  const std::string name = line.word("kind", "");
  int kind = 0;
  while (kind < 19 && name != kKinds[size_t(kind)]) ++kind;
  return {sizeof(vk_activation_params), static_cast<vk_activation>(kind), line.number("alpha", 1),
          line.number("beta", 0)};
}

/** Of the README. */
Bound forwardBound() { return {.relative = 5e-7, .absolute = 1e-7}; }
Bound gradientBound() { return {.relative = 5e-7, .absolute = 5e-7}; }

Buffer& argument(Case& test, const Sizes& sizes) {
  const double range = test.line().number("range", 6);
  Buffer& input = test.line().flag("whole", false)
                      ? test.integers("input", sizes, -int64_t(range), int64_t(range))
                      : test.uniform("input", sizes, -range, range);
  test.spoil(input);
  return input;
}

}  // namespace

void activation_forwardCase(Case& test) {
  const vk_activation_params params = paramsOf(test.line());
  const Sizes sizes = test.line().sizes("shape");
  Buffer& input = argument(test, sizes);
  const bool inPlace = test.line().flag("in_place", false);
  test.run([&](Call& call) {
    const vk_view* output = call.output("output", test.type(), sizes, forwardBound());
    const vk_view* from = input.view();
    if (inPlace) {
      call.fill(output, input);
      from = output;
    }
    vk_plan plan{};
    call.ok(vk_activation_forward_plan(call.context(), from, &params, output, &plan));
    call.ok(
        vk_activation_forward(call.context(), &plan, from, &params, call.workspace(plan), output));
  });
}

void activation_gradientCase(Case& test) {
  const vk_activation_params params = paramsOf(test.line());
  const Sizes sizes = test.line().sizes("shape");
  Buffer& input = argument(test, sizes);
  Buffer& outputGradient = test.uniform("output_gradient", sizes, -1, 1);
  const Run gradient = [&](Call& call) {
    const vk_view* result = call.output("input_gradient", test.type(), sizes, gradientBound());
    vk_plan plan{};
    call.ok(vk_activation_gradient_plan(call.context(), input.view(), outputGradient.view(),
                                        &params, result, &plan));
    call.ok(vk_activation_gradient(call.context(), &plan, input.view(), outputGradient.view(),
                                   &params, call.workspace(plan), result));
  };
  test.run(gradient);
  if (!test.line().flag("differences", false)) return;
  const Run forward = [&](Call& call) {
    const vk_view* output = call.output("output", test.type(), sizes, {});
    vk_plan plan{};
    call.ok(vk_activation_forward_plan(call.context(), input.view(), &params, output, &plan));
    call.ok(vk_activation_forward(call.context(), &plan, input.view(), &params, nullptr, output));
  };
  test.checkGradient(
      "df/dx", input, test.reference(gradient).result("input_gradient"),
      [&] { return productSum(test.reference(forward).result("output"), outputGradient); },
      {.step = 1e-5, .tolerance = 1e-8});
}

void activation_preluCase(Case& test) {
  const Sizes sizes = test.line().sizes("shape");
  Buffer& input = argument(test, sizes);
  Buffer& slope = test.uniform("slope", {test.line().integer("slopes", sizes[1])}, -0.5, 0.5);
  test.run([&](Call& call) {
    const vk_view* output = call.output("output", test.type(), sizes, {.relative = 1.2e-7});
    vk_plan plan{};
    call.ok(vk_activation_prelu_plan(call.context(), input.view(), slope.view(), output, &plan));
    call.ok(vk_activation_prelu(call.context(), &plan, input.view(), slope.view(),
                                call.workspace(plan), output));
  });
}

void activation_prelu_gradientCase(Case& test) {
  const Sizes sizes = test.line().sizes("shape");
  const Sizes slopes = {test.line().integer("slopes", sizes[1])};
  Buffer& input = argument(test, sizes);
  Buffer& slope = test.uniform("slope", slopes, -0.5, 0.5);
  Buffer& outputGradient = test.uniform("output_gradient", sizes, -1, 1);
  const bool wantsInput = test.line().flag("input_gradient", true);
  const bool wantsSlope = test.line().flag("slope_gradient", true);
  const Run gradient = [&](Call& call) {
    const vk_view* toInput =
        wantsInput ? call.output("input_gradient", test.type(), sizes, {.relative = 1.2e-7})
                   : nullptr;
    const vk_view* toSlope =
        wantsSlope ? call.output("slope_gradient", test.type(), slopes,
                                 {.relative = 1e-6, .absolute = 1e-5, .ofLargest = 1e-6})
                   : nullptr;
    vk_plan plan{};
    call.ok(vk_activation_prelu_gradient_plan(call.context(), input.view(), slope.view(),
                                              outputGradient.view(), toInput, toSlope, &plan));
    call.ok(vk_activation_prelu_gradient(call.context(), &plan, input.view(), slope.view(),
                                         outputGradient.view(), call.workspace(plan), toInput,
                                         toSlope));
  };
  test.run(gradient);
  if (!test.line().flag("differences", false)) return;
  const Run forward = [&](Call& call) {
    const vk_view* output = call.output("output", test.type(), sizes, {});
    vk_plan plan{};
    call.ok(vk_activation_prelu_plan(call.context(), input.view(), slope.view(), output, &plan));
    call.ok(
        vk_activation_prelu(call.context(), &plan, input.view(), slope.view(), nullptr, output));
  };
  const auto objective = [&] {
    return productSum(test.reference(forward).result("output"), outputGradient);
  };
  const Call& analytic = test.reference(gradient);
  test.checkGradient("dprelu/dx", input, analytic.result("input_gradient"), objective,
                     {.step = 1e-5, .tolerance = 1e-8});
  test.checkGradient("dprelu/dslope", slope, analytic.result("slope_gradient"), objective,
                     {.step = 1e-5, .tolerance = 1e-8});
}

}  // namespace vk::cases
