#include <cmath>

#include "cases/case.h"
#include "cases/normalization.h"
#include "voxkern/normalization.h"

namespace vk::cases {
namespace {

vk_dropout_params paramsOf(const CaseLine& line) {
  return {sizeof(vk_dropout_params), line.flag("channels", false) ? 1 : 0,
          line.number("probability", 0.5), static_cast<uint64_t>(line.integer("draw", 7)),
          static_cast<uint64_t>(line.integer("sequence", 0))};
}

Sizes maskSizes(const vk_dropout_params& params, const Sizes& sizes) {
  return params.channels != 0 ? Sizes{sizes[0], sizes[1]} : sizes;
}

/** Products by the scale, rounded once more than the reference's. */
constexpr Bound kBound = {.relative = 1.3e-7};

}  // namespace

void dropoutCase(Case& test) {
  const vk_dropout_params params = paramsOf(test.line());
  const Sizes sizes = test.line().sizes("shape");
  Buffer& input = test.uniform("input", sizes, 1, 2);
  test.spoil(input);
  const Run drop = [&](Call& call) {
    const vk_view* output = call.output("output", test.type(), sizes, kBound);
    const vk_view* mask = call.output("mask", VK_U8, maskSizes(params, sizes), {});
    vk_plan plan{};
    call.ok(vk_dropout_plan(call.context(), input.view(), &params, output, mask, &plan));
    call.ok(vk_dropout(call.context(), &plan, input.view(), &params, call.workspace(plan), output,
                       mask));
  };
  test.run(drop);
  // The first draws, as the generator's published answers have them.
  const std::string published = test.line().word("published", "");
  if (!published.empty()) {
    const Buffer& mask = test.reference(drop).result("mask");
    for (size_t i = 0; i < published.size(); ++i) {
      test.expect(mask.get(int64_t(i)) == (published[i] == '1' ? 1 : 0), "draw %zu is not %c", i,
                  published[i]);
    }
  }
  if (test.line().flag("share", false)) {
    const Buffer& mask = test.reference(drop).result("mask");
    double kept = 0;
    for (int64_t i = 0; i < mask.count(); ++i) kept += mask.get(i);
    const double expected = (1 - params.probability) * double(mask.count());
    // Five standard deviations.
    const double allowed = 5 * std::sqrt(expected * params.probability);
    test.expect(std::fabs(kept - expected) <= allowed, "%g of %g kept, expected %g", kept,
                double(mask.count()), expected);
  }
}

void dropout_gradientCase(Case& test) {
  const vk_dropout_params params = paramsOf(test.line());
  const Sizes sizes = test.line().sizes("shape");
  Buffer& outputGradient = test.uniform("output_gradient", sizes, -1, 1);
  test.spoil(outputGradient);
  Buffer& mask = test.input("mask", VK_U8, maskSizes(params, sizes));
  SplitMix64 random(test.line().seed(), "mask");
  for (int64_t i = 0; i < mask.count(); ++i) mask.set(i, random.uniform() < 0.5 ? 1 : 0);
  const Run gradient = [&](Call& call) {
    const vk_view* result = call.output("input_gradient", test.type(), sizes, kBound);
    vk_plan plan{};
    call.ok(vk_dropout_gradient_plan(call.context(), outputGradient.view(), mask.view(), &params,
                                     result, &plan));
    call.ok(vk_dropout_gradient(call.context(), &plan, outputGradient.view(), mask.view(), &params,
                                call.workspace(plan), result));
  };
  test.run(gradient);
  if (!test.line().flag("differences", false)) return;
  // Dropout draws the mask that its gradient is then given.
  Buffer& input = test.uniform("input", sizes, -1, 1);
  const Run forward = [&](Call& call) {
    const vk_view* output = call.output("output", test.type(), sizes, {});
    const vk_view* drawn = call.output("mask", VK_U8, maskSizes(params, sizes), {});
    vk_plan plan{};
    call.ok(vk_dropout_plan(call.context(), input.view(), &params, output, drawn, &plan));
    call.ok(vk_dropout(call.context(), &plan, input.view(), &params, nullptr, output, drawn));
  };
  const Call& dropped = test.reference(forward);
  for (int64_t i = 0; i < mask.count(); ++i) mask.set(i, dropped.result("mask").get(i));
  const Call& analytic = test.reference(gradient);
  // <A x, g> = <x, A' g>.
  const double left = productSum(dropped.result("output"), outputGradient);
  const double right = productSum(input, analytic.result("input_gradient"));
  test.expect(std::fabs(left - right) <= 1e-12 * (std::fabs(left) + 1),
              "<Ax,g> %.17g, <x,A'g> %.17g", left, right);
  test.checkGradient(
      "dy/dx", input, analytic.result("input_gradient"),
      [&] { return productSum(test.reference(forward).result("output"), outputGradient); },
      {.step = 1e-4, .tolerance = 1e-8});
}

}  // namespace vk::cases
