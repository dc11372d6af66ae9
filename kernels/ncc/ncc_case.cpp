#include <cmath>

#include "cases/case.h"
#include "voxkern/registration.h"

namespace vk::cases {

void nccCase(Case& test) {
  const Sizes sizes = test.line().sizes("shape");
  const double offset = test.line().number("offset", 0);
  Buffer& fixed = test.uniform("fixed", sizes, offset - 100, offset + 100);
  Buffer& warped = test.uniform("warped", sizes, offset - 100, offset + 100);
  const double share = test.line().number("share", 0);
  for (int64_t i = 0; i < warped.count(); ++i) {
    warped.set(i, (1 - std::fabs(share)) * warped.get(i) + share * fixed.get(i));
  }
  const Buffer& mask = test.mask("mask", sizes);
  test.spoil(warped);

  const bool wantsGradient = test.line().flag("gradient", true);
  const Run ncc = [&](Call& call) {
    const vk_view* gradient =
        wantsGradient ? call.output("gradient", test.type(), sizes,
                                    {.relative = 2e-7, .absolute = 1e-12, .ofLargest = 1e-6})
                      : nullptr;
    double* value = call.value("value", {.absolute = 1e-9});
    vk_plan plan{};
    call.ok(vk_ncc_plan(call.context(), fixed.view(), warped.view(), mask.view(), gradient, &plan));
    call.ok(vk_ncc(call.context(), &plan, fixed.view(), warped.view(), mask.view(), gradient,
                   call.workspace(plan), value));
  };
  test.run(ncc);
  if (test.line().word("expect", "ok") != "ok") return;

  const double value = test.reference(ncc).resultValue("value");
  test.expect(std::fabs(value) <= 1, "the value is %.17g", value);
  if (std::fabs(share) == 1 && fixed.count() > 1) {
    test.expect(std::fabs(value - share) < 1e-6, "the value is %.17g, expected %g", value, share);
  }
  if (test.line().word("hostile", "") == "constant") {
    test.expect(value == 0, "the value is %.17g for a constant image", value);
  }
  if (test.line().flag("differences", false)) {
    const Call& analytic = test.reference(ncc);
    test.checkGradient("dNCC/dwarped", warped, analytic.result("gradient"),
                       [&] { return test.reference(ncc).resultValue("value"); },
                       {.step = 1e-3, .tolerance = 1e-7});
  }
}

}  // namespace vk::cases
