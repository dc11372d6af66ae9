#include <cmath>

#include "cases/case.h"
#include "voxkern/registration.h"

namespace vk::cases {
namespace {

/** Where the control grid lies: as many points as the field needs, or what controls= says. */
struct Grid {
  vk_ffd_params params{sizeof(vk_ffd_params), {0, 0, 0}, {0, 0, 0}};
  Sizes dense, controls;

  explicit Grid(const CaseLine& line) {
    const Sizes shape = line.sizes("shape");
    const std::vector<double> spacing = line.numbers("spacing", 3, 4);
    // In voxels before the first voxel.
    const std::vector<double> margin = line.has("margin") ? line.numbers("margin", 3, 0) : spacing;
    dense = {3, shape[0], shape[1], shape[2]};
    controls = {3, 0, 0, 0};
    for (size_t axis = 0; axis < 3; ++axis) {
      params.origin[axis] = -margin[axis];
      params.spacing[axis] = spacing[axis];
      const double last = (double(shape[2 - axis] - 1) + margin[axis]) / spacing[axis];
      // A last voxel on a control point needs one point beyond, elsewhere two.
      const int64_t needed = int64_t(std::ceil(last - 1e-9)) + 2;
      controls[3 - axis] = needed < 4 ? 4 : needed;
    }
    if (line.has("controls")) {
      const Sizes wanted = line.sizes("controls");
      controls = {3, wanted[0], wanted[1], wanted[2]};
    }
  }
};

Run evaluation(const Buffer& coefficients, const vk_ffd_params& params, const Sizes& dense) {
  return [&coefficients, params, dense](Call& call) {
    const vk_view* field =
        call.output("field", coefficients.type(), dense, {.relative = 1e-6, .ofLargest = 1e-6});
    vk_plan plan{};
    call.ok(vk_ffd_plan(call.context(), coefficients.view(), &params, field, &plan));
    call.ok(
        vk_ffd(call.context(), &plan, coefficients.view(), &params, field, call.workspace(plan)));
  };
}

/** Coefficient of component c at control point (x, y, z): an affine function of the indices. */
void setAffine(Buffer& coefficients, const Sizes& controls) {
  for (int64_t i = 0; i < coefficients.count(); ++i) {
    const int64_t x = i % controls[3], y = i / controls[3] % controls[2];
    const int64_t z = i / (controls[3] * controls[2]) % controls[1];
    const int64_t c = i / (controls[3] * controls[2] * controls[1]);
    coefficients.set(i, double(3 + c) + double(x) - 0.5 * double(y) + 0.25 * double(z));
  }
}

}  // namespace

void ffdCase(Case& test) {
  const Grid grid(test.line());
  Buffer& coefficients = test.uniform("coefficients", grid.controls, -10, 10);
  test.spoil(coefficients);
  const bool affine = test.line().word("input", "random") == "affine";
  if (affine) setAffine(coefficients, grid.controls);
  const Run evaluate = evaluation(coefficients, grid.params, grid.dense);
  test.run(evaluate);
  if (!affine) return;
  const Buffer& field = test.reference(evaluate).result("field");
  for (int64_t i = 0; i < field.count(); ++i) {
    const int64_t voxel[3] = {i % grid.dense[3], i / grid.dense[3] % grid.dense[2],
                              i / (grid.dense[3] * grid.dense[2]) % grid.dense[1]};
    double at[3];
    for (int axis = 0; axis < 3; ++axis) {
      at[axis] = (double(voxel[axis]) - grid.params.origin[axis]) / grid.params.spacing[axis];
    }
    const int64_t c = i / (grid.dense[3] * grid.dense[2] * grid.dense[1]);
    const double expected = double(3 + c) + at[0] - 0.5 * at[1] + 0.25 * at[2];
    test.expect(std::fabs(field.get(i) - expected) < 1e-5 * (1 + std::fabs(expected)),
                "an affine function is not reproduced at element %lld: %.9g, expected %.9g",
                static_cast<long long>(i), field.get(i), expected);
  }
}

void ffd_gradientCase(Case& test) {
  const Grid grid(test.line());
  Buffer& fieldGradient = test.uniform("field_gradient", grid.dense, -1, 1);
  test.spoil(fieldGradient);
  const Buffer& coefficients = test.uniform("coefficients", grid.controls, -10, 10);
  const Run adjoint = [&](Call& call) {
    const vk_view* out = call.output("coefficient_gradient", test.type(), grid.controls,
                                     {.relative = 1e-6, .ofLargest = 2e-6});
    vk_plan plan{};
    call.ok(vk_ffd_gradient_plan(call.context(), fieldGradient.view(), &grid.params, out, &plan));
    call.ok(vk_ffd_gradient(call.context(), &plan, fieldGradient.view(), &grid.params, out,
                            call.workspace(plan)));
  };
  test.run(adjoint);
  if (test.type() != VK_F64) return;
  const Run evaluate = evaluation(coefficients, grid.params, grid.dense);
  test.checkAdjoint(test.reference(evaluate).result("field"), fieldGradient, coefficients,
                    test.reference(adjoint).result("coefficient_gradient"));
}

void ffd_bendingCase(Case& test) {
  const Sizes shape = test.line().sizes("controls");
  const Sizes controls{3, shape[0], shape[1], shape[2]};
  Buffer& coefficients = test.uniform("coefficients", controls, -10, 10);
  test.spoil(coefficients);
  const bool affine = test.line().word("input", "random") == "affine";
  if (affine) setAffine(coefficients, controls);
  const std::vector<double> spacing = test.line().numbers("spacing", 3, 10);
  const vk_ffd_bending_params params{sizeof(vk_ffd_bending_params),
                                     {spacing[0], spacing[1], spacing[2]},
                                     test.line().number("diffusion", 0),
                                     test.line().number("bending", 1)};
  const bool wantsGradient = test.line().flag("gradient", true);
  const Run bending = [&](Call& call) {
    const vk_view* gradient =
        wantsGradient ? call.output("gradient", test.type(), controls,
                                    {.relative = 2e-7, .absolute = 1e-12, .ofLargest = 1e-9})
                      : nullptr;
    double* value = call.value("value", {.relative = 1e-11, .absolute = 1e-13});
    vk_plan plan{};
    call.ok(vk_ffd_bending_plan(call.context(), coefficients.view(), &params, gradient, &plan));
    call.ok(vk_ffd_bending(call.context(), &plan, coefficients.view(), &params, gradient,
                           call.workspace(plan), value));
  };
  test.run(bending);
  if (affine) {
    // Bending sees nothing; the squared slopes are 1, 1/4 and 1/16 an interval, thrice.
    const double slopes = 1 / (spacing[0] * spacing[0]) + 0.25 / (spacing[1] * spacing[1]) +
                          0.0625 / (spacing[2] * spacing[2]);
    const double value = test.reference(bending).resultValue("value");
    test.expect(std::fabs(value - 3 * params.diffusion_weight * slopes) < 1e-12,
                "the value of an affine function is %.15g, expected %.15g", value,
                3 * params.diffusion_weight * slopes);
  }
  if (test.line().flag("differences", false)) {
    const Call& analytic = test.reference(bending);
    test.checkGradient("dvalue/dcoefficients", coefficients, analytic.result("gradient"),
                       [&] { return test.reference(bending).resultValue("value"); },
                       {.step = 1e-2, .tolerance = 1e-8});
  }
}

void ffd_refineCase(Case& test) {
  const Sizes shape = test.line().sizes("controls");
  const Sizes controls{3, shape[0], shape[1], shape[2]};
  Buffer& coefficients = test.uniform("coefficients", controls, -10, 10);
  test.spoil(coefficients);
  const std::vector<double> axes = test.line().numbers("axes", 3, 1);
  vk_ffd_refine_params params{sizeof(vk_ffd_refine_params), {0, 0, 0}};
  Sizes fine = controls;
  for (size_t axis = 0; axis < 3; ++axis) {
    params.axes[axis] = int32_t(axes[axis]);
    if (params.axes[axis] != 0) fine[3 - axis] = 2 * controls[3 - axis] - 3;
  }
  const Run refine = [&](Call& call) {
    const vk_view* refined =
        call.output("refined", test.type(), fine, {.relative = 1e-6, .ofLargest = 1e-6});
    vk_plan plan{};
    call.ok(vk_ffd_refine_plan(call.context(), coefficients.view(), &params, refined, &plan));
    call.ok(vk_ffd_refine(call.context(), &plan, coefficients.view(), &params, refined,
                          call.workspace(plan)));
  };
  test.run(refine);
  if (test.type() != VK_F64) return;
  // Both grids over the same voxels, three a coarse interval, must give the same field.
  vk_ffd_params coarse{sizeof(vk_ffd_params), {-3, -3, -3}, {3, 3, 3}};
  vk_ffd_params finer = coarse;
  Sizes dense{3, 0, 0, 0};
  for (size_t axis = 0; axis < 3; ++axis) {
    dense[3 - axis] = 3 * (controls[3 - axis] - 3) + 1;
    if (params.axes[axis] == 0) continue;
    finer.spacing[axis] = 1.5;
    finer.origin[axis] = -1.5;
  }
  const Buffer& refined = test.reference(refine).result("refined");
  const Buffer& before = test.reference(evaluation(coefficients, coarse, dense)).result("field");
  const Buffer& after = test.reference(evaluation(refined, finer, dense)).result("field");
  const std::string text = difference(after, before, {.absolute = 1e-12});
  test.expect(text.empty(), "the refined spline is another: %s", text.c_str());
}

}  // namespace vk::cases
