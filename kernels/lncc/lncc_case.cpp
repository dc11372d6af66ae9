#include <cmath>

#include "cases/case.h"
#include "voxkern/registration.h"

namespace vk::cases {
namespace {

Run correlation(const vk_lncc_params& params, const Buffer& fixed, const Buffer& warped,
                const Buffer& mask, bool wantsGradient, double gradientBound) {
  return [&params, &fixed, &warped, &mask, wantsGradient, gradientBound](Call& call) {
    const Sizes sizes(fixed.view()->sizes, fixed.view()->sizes + 3);
    const vk_view* gradient = wantsGradient
                                  ? call.output("gradient", fixed.type(), sizes,
                                                {.absolute = 1e-12, .ofLargest = gradientBound})
                                  : nullptr;
    double* value = call.value("value", {.absolute = 1e-9});
    vk_plan plan{};
    call.ok(vk_lncc_plan(call.context(), fixed.view(), warped.view(), mask.view(), &params,
                         gradient, &plan));
    call.ok(vk_lncc(call.context(), &plan, fixed.view(), warped.view(), mask.view(), &params,
                    gradient, call.workspace(plan), value));
  };
}

}  // namespace

void lnccCase(Case& test) {
  const CaseLine& line = test.line();
  const Sizes sizes = line.sizes("shape");
  const double offset = line.number("intensity", 0);
  Buffer& fixed = test.smooth("fixed", sizes, 4, offset - 100, offset + 100);
  Buffer& warped = test.smooth("warped", sizes, 3, offset - 100, offset + 100);
  const Buffer& noise = test.uniform("noise", sizes, -20, 20);
  for (int64_t i = 0; i < noise.count(); ++i) {
    fixed.set(i, fixed.get(i) + noise.get(i));
    warped.set(i, warped.get(i) - noise.get(i));
  }
  const Buffer& mask = test.mask("mask", sizes);
  test.spoil(warped);
  const std::vector<double> radius = line.numbers("radius", 3, 2);
  const vk_lncc_params params{sizeof(vk_lncc_params),
                              {int32_t(radius[0]), int32_t(radius[1]), int32_t(radius[2])},
                              line.number("floor", 1e-5)};
  const bool wantsGradient = line.flag("gradient", true);
  const Run lncc =
      correlation(params, fixed, warped, mask, wantsGradient, line.number("bound", 5e-6));
  test.run(lncc);

  if (line.flag("differences", false)) {
    test.checkGradient("dLNCC/dwarped", warped, test.reference(lncc).result("gradient"),
                       [&] { return test.reference(lncc).resultValue("value"); },
                       {.step = 1e-3, .tolerance = 1e-6});
  }
  if (line.word("check", "") == "linear") {
    // A linear change of intensity is a correlation of one, but for the floor.
    for (int64_t i = 0; i < fixed.count(); ++i) warped.set(i, 40 - 3 * fixed.get(i));
    const double value = test.reference(lncc).resultValue("value");
    test.expect(value > 0.99 && value <= 1, "a linear relation gives %.9g", value);
  }
}

}  // namespace vk::cases
