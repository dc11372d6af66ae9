#include <cmath>

#include "cases/case.h"
#include "voxkern/registration.h"

namespace vk::cases {
namespace {

vk_mutual_information_params paramsOf(const CaseLine& line, bool integers) {
  const bool normalised = line.word("measure", "mattes") == "nmi";
  const bool ignored = line.word("outside", "clamped") == "ignored";
  vk_mutual_information_params params{};
  params.struct_size = sizeof params;
  params.measure = normalised ? VK_NMI : VK_MATTES_MI;
  params.bins = static_cast<int32_t>(line.integer("bins", 32));
  params.outside_range = ignored ? VK_OUTSIDE_RANGE_IGNORED : VK_OUTSIDE_RANGE_CLAMPED;
  params.fixed_min = line.number("fixedMin", integers ? 0 : -100);
  params.fixed_max = line.number("fixedMax", integers ? 252 : 100);
  params.moving_min = line.number("movingMin", integers ? 0 : -100);
  params.moving_max = line.number("movingMax", integers ? 252 : 100);
  return params;
}

}  // namespace

void mutual_informationCase(Case& test) {
  const Sizes sizes = test.line().sizes("shape");
  // Whole numbers lie on the edges of the fixed bins, 9 apart for 32 bins.
  const bool integers = test.line().word("input", "uniform") == "integers";
  const double share = test.line().number("share", 0.6);
  Buffer& fixed =
      integers ? test.integers("fixed", sizes, 0, 252) : test.uniform("fixed", sizes, -100, 100);
  Buffer& warped =
      integers ? test.integers("warped", sizes, 0, 252) : test.uniform("warped", sizes, -100, 100);
  for (int64_t i = 0; i < warped.count(); ++i) {
    warped.set(i, (1 - share) * warped.get(i) + share * fixed.get(i));
  }
  const Buffer& mask = test.mask("mask", sizes);
  if (test.line().flag("spoilFixed", false)) test.spoil(fixed);
  test.spoil(warped);
  const vk_mutual_information_params params = paramsOf(test.line(), integers);

  int64_t counted = 0;
  for (int64_t i = 0; i < warped.count(); ++i) {
    if (!mask.present() || mask.get(i) != 0) ++counted;
  }
  // One intensity moves the value by up to about this much a grey level.
  const double slope = (params.bins - 4) / (params.moving_max - params.moving_min) /
                       static_cast<double>(counted > 0 ? counted : 1);
  const Bound valueBound = counted >= 10000 ? Bound{.relative = 1e-6, .absolute = 1e-12}
                                            : Bound{.relative = 1e-5, .absolute = 1e-6};
  const bool wantsGradient = test.line().flag("gradient", true);
  const bool wantsHistogram = test.line().flag("histogram", true);
  const Run mutualInformation = [&](Call& call) {
    const vk_view* gradient = wantsGradient
                                  ? call.output("gradient", test.type(), sizes,
                                                {.relative = 1e-3, .absolute = 2e-3 * slope})
                                  : nullptr;
    const vk_view* histogram =
        wantsHistogram
            ? call.output("joint_histogram", VK_F64, {params.bins, params.bins}, {.absolute = 2e-5})
            : nullptr;
    double* value = call.value("value", valueBound);
    vk_plan plan{};
    call.ok(vk_mutual_information_plan(call.context(), fixed.view(), warped.view(), mask.view(),
                                       &params, gradient, histogram, &plan));
    call.ok(vk_mutual_information(call.context(), &plan, fixed.view(), warped.view(), mask.view(),
                                  &params, gradient, histogram, call.workspace(plan), value));
  };
  test.run(mutualInformation);
  if (test.line().word("expect", "ok") != "ok") return;

  Call& reference = test.reference(mutualInformation);
  const double value = reference.resultValue("value");
  if (wantsHistogram) {
    const Buffer& histogram = reference.result("joint_histogram");
    double sum = 0;
    for (int64_t i = 0; i < histogram.count(); ++i) sum += histogram.get(i);
    test.expect(std::fabs(sum - (sum > 0.5 ? 1 : 0)) < 1e-12, "the histogram sums to %.17g", sum);
    const bool any = sum > 0.5;
    if (params.measure == VK_NMI) {
      test.expect(any ? value > 1 - 1e-12 && value < 2 + 1e-12 : value == 0, "NMI is %.17g", value);
    } else {
      test.expect(any ? value > -1e-12 : value == 0, "MI is %.17g", value);
    }
  }
  if (test.line().word("hostile", "") == "constant") {
    const double independent = params.measure == VK_NMI ? 1 : 0;
    test.expect(std::fabs(value - independent) < 1e-12, "%.17g for a constant image", value);
  }
  if (test.line().flag("differences", false)) {
    test.checkGradient("dMI/dwarped", warped, reference.result("gradient"),
                       [&] { return test.reference(mutualInformation).resultValue("value"); },
                       {.step = 1e-3, .tolerance = 1e-5});
  }
}

}  // namespace vk::cases
