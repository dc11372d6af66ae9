#include <cmath>

#include "cases/case.h"
#include "voxkern/image.h"

namespace vk::cases {

void statisticsCase(Case& test) {
  const Sizes sizes = test.line().sizes("shape");
  const double low = test.line().number("low", -100);
  const double high = test.line().number("high", 100);
  const double floor = test.line().number("floor", std::nan(""));
  Buffer& image = test.uniform("image", sizes, low, high);
  const Buffer& mask = test.mask("mask", sizes);
  test.spoil(image);

  // What cancels in the variance and the moments grows with the values' offset from their spread.
  const double largest = std::fmax(std::fabs(low), std::fabs(high));
  const double spread = std::fmax(high - low, 1e-300);
  const double relative = 1e-10;
  const Bound sums{.relative = relative, .absolute = 1e-9 * spread};
  const Bound position{.relative = relative, .absolute = 1e-9};
  const Bound moment{.relative = relative, .absolute = 1e-6};
  const Run statistics = [&](Call& call) {
    double* counts = call.values("counts", 3, {});
    double* range = call.values("range", 2, {});
    double* mean = call.value("mean", {.relative = 1e-12, .absolute = 1e-13 * largest});
    double* variance = call.value("variance", {.relative = relative, .absolute = 1e-12});
    double* weight = call.value("weight", sums);
    double* center = call.values("center", 3, position);
    double* second = call.values("second", 6, moment);
    vk_plan plan{};
    vk_statistics_values values{};
    call.ok(vk_statistics_plan(call.context(), image.view(), mask.view(), floor, &plan));
    call.ok(vk_statistics(call.context(), &plan, image.view(), mask.view(), floor,
                          call.workspace(plan), &values));
    counts[0] = static_cast<double>(values.count);
    counts[1] = static_cast<double>(values.nan_count);
    counts[2] = static_cast<double>(values.infinite_count);
    range[0] = values.minimum;
    range[1] = values.maximum;
    *mean = values.mean;
    *variance = values.variance;
    *weight = values.weight;
    for (int k = 0; k < 3; ++k) center[k] = values.center[k];
    for (int k = 0; k < 6; ++k) second[k] = values.second_moment[k];
  };
  test.run(statistics);
}

}  // namespace vk::cases
