#include <cmath>

#include "cases/case.h"
#include "voxkern/registration.h"

namespace vk::cases {
namespace {

/** The key map=: derivatives by mm out of derivatives by index. */
void setMap(const CaseLine& line, double map[9]) {
  const std::string kind = line.word("map", "identity");
  const double spacing[3] = {1, 1.25, 2.5};
  for (int i = 0; i < 9; ++i) map[i] = i % 4 == 0 ? 1 : 0;
  if (kind == "anisotropic") {
    for (int axis = 0; axis < 3; ++axis) map[4 * axis] = 1 / spacing[axis];
  } else if (kind == "oblique") {
    // Two plane rotations, then the spacing.
    const double c = std::cos(0.3), s = std::sin(0.3), e = std::cos(-0.5), f = std::sin(-0.5);
    const double direction[9] = {c, -s * e, s * f, s, c * e, -c * f, 0, f, e};
    for (int i = 0; i < 9; ++i) map[i] = direction[i] / spacing[i % 3];
  } else if (kind == "nan") {
    map[4] = NAN;
  } else if (kind != "identity") {
    throw CaseFailed{"map=" + kind + ": expected identity, anisotropic, oblique or nan"};
  }
}

/** A smooth field of up to `amount` mm, or with field=affine u = 0.1 x - 0.2 y, 0.3 z, 0.5 x - 0.25
 * z in index coordinates. */
Buffer& displacementOf(Case& test, const Sizes& field) {
  const double amount = test.line().number("amount", 2);
  Buffer& displacement =
      test.smooth("displacement", field, test.line().number("cell", 3), -amount, amount);
  if (test.line().word("field", "smooth") == "affine") {
    for (int64_t i = 0; i < displacement.count(); ++i) {
      const double x = double(i % field[3]), y = double(i / field[3] % field[2]);
      const double z = double(i / (field[3] * field[2]) % field[1]);
      const int64_t c = i / (field[3] * field[2] * field[1]);
      displacement.set(i, c == 0 ? 0.125 * x - 0.25 * y : c == 1 ? 0.375 * z : 0.5 * x - 0.25 * z);
    }
  }
  test.spoil(displacement);
  return displacement;
}

}  // namespace

void jacobianCase(Case& test) {
  const Sizes shape = test.line().sizes("shape");
  const Sizes field{3, shape[0], shape[1], shape[2]};
  const Buffer& displacement = displacementOf(test, field);
  const Buffer& mask = test.mask("mask", shape);
  vk_jacobian_params params{sizeof(vk_jacobian_params), {}};
  setMap(test.line(), params.gradient_map);
  const std::string wanted = test.line().word("wanted", "both");
  const Run run = [&](Call& call) {
    const vk_view* determinant =
        wanted == "statistics" || wanted == "nothing"
            ? nullptr
            : call.output("determinant", test.type(), shape, {.relative = 1e-5, .ofLargest = 1e-6});
    vk_jacobian_statistics statistics{};
    vk_plan plan{};
    call.ok(vk_jacobian_plan(call.context(), displacement.view(), mask.view(), &params, determinant,
                             &plan));
    call.ok(vk_jacobian(call.context(), &plan, displacement.view(), mask.view(), &params,
                        determinant, call.workspace(plan),
                        wanted == "map" || wanted == "nothing" ? nullptr : &statistics));
    if (wanted == "map" || wanted == "nothing") return;
    double* counts = call.values("counts", 2, {});
    counts[0] = double(statistics.count);
    counts[1] = double(statistics.nonpositive);
    double* values = call.values("statistics", 3, {.relative = 1e-5, .ofLargest = 1e-6});
    values[0] = statistics.minimum;
    values[1] = statistics.maximum;
    values[2] = statistics.mean;
    *call.value("sd_log", {.relative = 1e-4, .absolute = 1e-4}) = statistics.sd_log;
  };
  test.run(run);
  if (test.line().word("field", "smooth") == "affine" && wanted == "both") {
    // The Jacobian's index derivatives are constant: rows (1/8, -1/4, 0), (0, 0, 3/8), (1/2, 0,
    // -1/4).
    const double expected = 1.125 * (1 * 0.75 - 0.375 * 0) + 0.25 * (0 * 0.75 - 0.375 * 0.5);
    const Buffer& got = test.reference(run).result("determinant");
    for (int64_t i = 0; i < got.count(); ++i) {
      test.expect(std::fabs(got.get(i) - expected) < 1e-6, "determinant %.9g, expected %.9g",
                  got.get(i), expected);
    }
  }
}

void jacobian_penaltyCase(Case& test) {
  const Sizes shape = test.line().sizes("shape");
  const Sizes field{3, shape[0], shape[1], shape[2]};
  Buffer& displacement = displacementOf(test, field);
  const Buffer& mask = test.mask("mask", shape);
  vk_jacobian_penalty_params params{sizeof(vk_jacobian_penalty_params), {}, 0};
  setMap(test.line(), params.gradient_map);
  params.least_determinant = test.line().number("least", 0.2);
  const bool wantsGradient = test.line().flag("gradient", true);
  const Run run = [&](Call& call) {
    const vk_view* gradient = wantsGradient ? call.output("gradient", test.type(), field,
                                                          {.relative = 1e-5, .ofLargest = 2e-6})
                                            : nullptr;
    double* value = call.value("value", {.relative = 1e-5, .absolute = 1e-9});
    vk_plan plan{};
    call.ok(vk_jacobian_penalty_plan(call.context(), displacement.view(), mask.view(), &params,
                                     gradient, &plan));
    call.ok(vk_jacobian_penalty(call.context(), &plan, displacement.view(), mask.view(), &params,
                                gradient, call.workspace(plan), value));
  };
  test.run(run);
  if (test.line().flag("differences", false)) {
    const Call& analytic = test.reference(run);
    test.checkGradient("dpenalty/ddisplacement", displacement, analytic.result("gradient"),
                       [&] { return test.reference(run).resultValue("value"); },
                       {.step = 1e-6, .tolerance = 1e-5});
  }
}

}  // namespace vk::cases
