#include <cmath>

#include "cases/case.h"
#include "voxkern/registration.h"

namespace vk::cases {
namespace {

vk_bias_field_params paramsOf(const CaseLine& line) {
  vk_bias_field_params params{};
  params.struct_size = sizeof params;
  params.degree = static_cast<int32_t>(line.integer("degree", 3));
  const std::vector<double> scale = line.numbers("scale", 3, 0.05);
  const std::vector<double> offset = line.numbers("offset", 3, -1);
  for (size_t axis = 0; axis < 3; ++axis) {
    params.position_scale[axis] = scale[axis];
    params.position_offset[axis] = offset[axis];
  }
  params.bins = static_cast<int32_t>(line.integer("bins", 16));
  params.iterations = static_cast<int32_t>(line.integer("iterations", 6));
  params.reference_min = line.number("low", 0);
  params.reference_max = line.number("high", 16);
  return params;
}

int64_t termsOf(int64_t degree) { return (degree + 1) * (degree + 2) * (degree + 3) / 6; }

}  // namespace

void bias_fieldCase(Case& test) {
  const vk_bias_field_params params = paramsOf(test.line());
  const int64_t count = test.line().integer("count", 0);
  const double strength = test.line().number("strength", 0.2);
  const double noise = test.line().number("noise", 1);
  Buffer& positions = test.uniform("positions", {3, count}, 0, 40);
  // Whole numbers: each bin of the default range holds one intensity.
  Buffer& reference = test.integers("reference", {count}, 0, 15);
  Buffer& values = test.uniform("values", {count}, -noise, noise);
  for (int64_t i = 0; i < count && values.count() == count; ++i) {
    // Brightness falls as the reference's rises; a field of the first degree.
    const double field = 1 + strength * (positions.get(i) / 20 - 1) -
                         0.5 * strength * (positions.get(2 * count + i) / 20 - 1);
    values.set(i, (100 - 5 * reference.get(i)) * field + values.get(i));
  }
  test.spoil(values);
  const Buffer& mask = test.mask("mask", {count});
  const Run fit = [&](Call& call) {
    const vk_view* coefficients =
        call.output("coefficients", VK_F64, {termsOf(params.degree)}, {.absolute = 1e-6});
    vk_plan plan{};
    call.ok(vk_bias_field_plan(call.context(), values.view(), reference.view(), positions.view(),
                               mask.view(), &params, coefficients, &plan));
    call.ok(vk_bias_field(call.context(), &plan, values.view(), reference.view(), positions.view(),
                          mask.view(), &params, coefficients, call.workspace(plan)));
  };
  test.run(fit);
  if (test.line().flag("recovers", false)) {
    const Buffer& c = test.reference(fit).result("coefficients");
    // u = position / 20 - 1; the second term is x's own.
    const double scale = c.get(0);
    test.expect(std::fabs(c.get(1) / scale - strength) < 5e-3, "slope along x is %g, expected %g",
                c.get(1) / scale, strength);
  }
}

void bias_field_correctCase(Case& test) {
  const vk_bias_field_params params = paramsOf(test.line());
  const Sizes sizes = test.line().sizes("shape");
  Buffer& image = test.uniform("image", sizes, -100, 100);
  test.spoil(image);
  const double strength = test.line().number("strength", 0.1);
  Buffer& coefficients = test.input("coefficients", VK_F64, {termsOf(params.degree)});
  SplitMix64 random(test.line().seed(), "coefficients");
  for (int64_t i = 0; i < coefficients.count(); ++i) {
    coefficients.set(i, (i == 0 ? 1 : 0) + random.uniform(-strength, strength));
  }
  const Run correct = [&](Call& call) {
    const vk_view* corrected = call.output("corrected", test.type(), sizes, {.relative = 5e-6});
    vk_plan plan{};
    call.ok(vk_bias_field_correct_plan(call.context(), image.view(), coefficients.view(), &params,
                                       corrected, &plan));
    call.ok(vk_bias_field_correct(call.context(), &plan, image.view(), coefficients.view(), &params,
                                  corrected, call.workspace(plan)));
  };
  test.run(correct);
}

}  // namespace vk::cases
