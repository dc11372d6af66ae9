#include "compose/field_case.h"
#include "voxkern/registration.h"

namespace vk::cases {

void invertCase(Case& test) {
  const Sizes shape = test.line().sizes("shape");
  const Sizes fieldShape = test.line().has("field") ? test.line().sizes("field") : Sizes(shape);
  const double amount = test.line().number("amount", 1);
  Buffer& displacement = test.smooth("displacement", fieldSizes(fieldShape),
                                     test.line().number("cell", 8), -amount, amount);
  test.spoil(displacement);
  vk_invert_params params{sizeof(vk_invert_params), {}, {}, 0, 0};
  setIndexMap(test, shape, params.index_map);
  setDisplacementMap(test.line(), params.displacement_map);
  params.iterations = static_cast<int32_t>(test.line().integer("iterations", 60));
  params.tolerance_mm = test.line().number("tolerance", 1e-4);
  // Both stop at the tolerance, from either side of it.
  const Bound bound{.relative = 1e-5, .absolute = 4 * params.tolerance_mm, .ofLargest = 1e-5};
  const Run invert = [&](Call& call) {
    const vk_view* inverse = call.output("inverse", test.type(), fieldSizes(shape), bound);
    vk_invert_report report{};
    vk_plan plan{};
    call.ok(vk_invert_plan(call.context(), displacement.view(), &params, inverse, &plan));
    call.ok(vk_invert(call.context(), &plan, displacement.view(), &params, inverse,
                      call.workspace(plan), &report));
    double* residuals =
        call.values("residuals", 2, {.relative = 1e-3, .absolute = 2 * params.tolerance_mm + 1e-6});
    residuals[0] = report.max_residual_mm;
    residuals[1] = report.mean_residual_mm;
    // At a tolerance of 0, rounding decides.
    *call.value("unconverged", {.relative = 1e-3}) = double(report.unconverged);
  };
  test.run(invert);
  if (test.line().has("expect") || test.line().has("hostile")) return;
  const Call& result = test.reference(invert);
  if (params.iterations < 60) return;
  test.expect(result.result("residuals").get(0) <= params.tolerance_mm,
              "the largest residual is %g mm", result.result("residuals").get(0));
  test.expect(result.resultValue("unconverged") == 0, "%g voxels did not converge",
              result.resultValue("unconverged"));
}

}  // namespace vk::cases
