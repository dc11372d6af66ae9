#include "cases/case.h"
#include "voxkern/registration.h"

namespace vk::cases {

void ssdCase(Case& test) {
  const Sizes sizes = test.line().sizes("shape");
  Buffer& fixed = test.uniform("fixed", sizes, -100, 100);
  Buffer& warped = test.uniform("warped", sizes, -100, 100);
  const Buffer& mask = test.mask("mask", sizes);
  test.spoil(warped);

  const bool wantsGradient = test.line().flag("gradient", true);
  const Run ssd = [&](Call& call) {
    const vk_view* gradient =
        wantsGradient ? call.output("gradient", test.type(), sizes, {.relative = 4e-7}) : nullptr;
    double* value = call.value("value", {.relative = 2e-6});
    vk_plan plan{};
    call.ok(vk_ssd_plan(call.context(), fixed.view(), warped.view(), mask.view(), gradient, &plan));
    call.ok(vk_ssd(call.context(), &plan, fixed.view(), warped.view(), mask.view(), gradient,
                   call.workspace(plan), value));
  };
  test.run(ssd);

  if (test.line().flag("differences", false)) {
    const Call& analytic = test.reference(ssd);
    test.checkGradient("dSSD/dwarped", warped, analytic.result("gradient"),
                       [&] { return test.reference(ssd).resultValue("value"); },
                       {.step = 1e-3, .tolerance = 1e-7});
  }
}

}  // namespace vk::cases
