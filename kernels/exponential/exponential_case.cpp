#include "compose/field_case.h"
#include "voxkern/registration.h"

namespace vk::cases {
namespace {

Run exponentialOf(const Buffer& velocity, const vk_exponential_params& params, const Sizes& sizes) {
  return [&velocity, params, sizes](Call& call) {
    const vk_view* displacement =
        call.output("displacement", velocity.type(), sizes, {.relative = 1e-5, .ofLargest = 1e-5});
    int32_t steps = -1;
    vk_plan plan{};
    call.ok(vk_exponential_plan(call.context(), velocity.view(), &params, displacement, &plan));
    call.ok(vk_exponential(call.context(), &plan, velocity.view(), &params, displacement,
                           call.workspace(plan), &steps));
    *call.value("steps", {}) = double(steps);
  };
}

vk_exponential_params paramsOf(const CaseLine& line) {
  vk_exponential_params params{sizeof(vk_exponential_params), {}, 0};
  setDisplacementMap(line, params.displacement_map);
  params.steps = static_cast<int32_t>(line.integer("steps", 5));
  return params;
}

}  // namespace

void exponentialCase(Case& test) {
  const Sizes sizes = fieldSizes(test.line().sizes("shape"));
  const double amount = test.line().number("amount", 2);
  Buffer& velocity = test.smooth("velocity", sizes, test.line().number("cell", 4), -amount, amount);
  test.spoil(velocity);
  const vk_exponential_params params = paramsOf(test.line());
  const bool constant = test.line().word("field", "smooth") == "constant";
  const int64_t voxels = velocity.count() / 3;
  if (constant) {
    for (int64_t i = 0; i < velocity.count(); ++i) {
      velocity.set(i, 0.75 - 0.5 * double(i / voxels));
    }
  }
  const Run exponential = exponentialOf(velocity, params, sizes);
  test.run(exponential);
  if (test.line().has("expect")) return;
  if (constant) {
    // A translation is its own flow, everywhere, because the border continues.
    const std::string text = difference(test.reference(exponential).result("displacement"),
                                        velocity, {.relative = 1e-6});
    test.expect(text.empty(), "a constant velocity: %s", text.c_str());
  }
  if (test.line().has("wanted")) {
    const double steps = test.reference(exponential).resultValue("steps");
    test.expect(steps == test.line().number("wanted", 0), "%g steps were chosen", steps);
  }
}

void exponential_gradientCase(Case& test) {
  const Sizes sizes = fieldSizes(test.line().sizes("shape"));
  const double amount = test.line().number("amount", 2);
  Buffer& velocity = test.smooth("velocity", sizes, test.line().number("cell", 4), -amount, amount);
  const Buffer& upstream = test.uniform("displacement_gradient", sizes, -1, 1);
  test.spoil(velocity);
  const vk_exponential_params params = paramsOf(test.line());
  // A position rounded into the neighbouring cell, or across the border, has another slope.
  const Run gradient = [&](Call& call) {
    const vk_view* out = call.output("velocity_gradient", test.type(), sizes,
                                     {.relative = 1e-4, .ofLargest = 2e-5, .outliers = 2e-3});
    vk_plan plan{};
    call.ok(vk_exponential_gradient_plan(call.context(), velocity.view(), upstream.view(), &params,
                                         out, &plan));
    call.ok(vk_exponential_gradient(call.context(), &plan, velocity.view(), upstream.view(),
                                    &params, out, call.workspace(plan)));
  };
  test.run(gradient);
  if (test.line().flag("differences", false)) {
    const Run exponential = exponentialOf(velocity, params, sizes);
    const Call& analytic = test.reference(gradient);
    test.checkGradient("dL/dvelocity", velocity, analytic.result("velocity_gradient"),
                       [&] {
                         const Buffer& u = test.reference(exponential).result("displacement");
                         double sum = 0;
                         for (int64_t i = 0; i < u.count(); ++i) sum += u.get(i) * upstream.get(i);
                         return sum;
                       },
                       {.step = 1e-7, .tolerance = 1e-5});
  }
}

}  // namespace vk::cases
