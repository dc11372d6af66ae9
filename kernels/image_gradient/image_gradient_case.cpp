#include <cmath>

#include "cases/case.h"
#include "voxkern/registration.h"

namespace vk::cases {
namespace {

vk_image_gradient_params paramsOf(const CaseLine& line) {
  vk_image_gradient_params params{sizeof(vk_image_gradient_params),
                                  {0.8, 0.3, -0.1, -0.2, 1.1, 0.4, 0.05, -0.5, 0.6}};
  if (!line.has("map")) return params;
  const std::vector<double> map = line.numbers("map", 9, 0);
  for (size_t i = 0; i < 9; ++i) params.gradient_map[i] = map[i];
  return params;
}

Sizes gradientSizes(const Sizes& image) { return {3, image[0], image[1], image[2]}; }

Run forward(const vk_image_gradient_params& params, const Buffer& image, const Sizes& sizes) {
  return [&params, &image, sizes](Call& call) {
    const vk_view* gradient =
        call.output("gradient", image.type(), gradientSizes(sizes), {.ofLargest = 1e-6});
    vk_plan plan{};
    call.ok(vk_image_gradient_plan(call.context(), image.view(), &params, gradient, &plan));
    call.ok(vk_image_gradient(call.context(), &plan, image.view(), &params, call.workspace(plan),
                              gradient));
  };
}

Run transposed(const vk_image_gradient_params& params, const Buffer& gradient, const Sizes& sizes) {
  return [&params, &gradient, sizes](Call& call) {
    const vk_view* image = call.output("image", gradient.type(), sizes, {.ofLargest = 1e-6});
    vk_plan plan{};
    call.ok(vk_image_gradient_adjoint_plan(call.context(), gradient.view(), &params, image, &plan));
    call.ok(vk_image_gradient_adjoint(call.context(), &plan, gradient.view(), &params,
                                      call.workspace(plan), image));
  };
}

}  // namespace

void image_gradientCase(Case& test) {
  const Sizes sizes = test.line().sizes("shape");
  const vk_image_gradient_params params = paramsOf(test.line());
  Buffer& image = test.uniform("image", sizes, -100, 100);
  test.spoil(image);
  const Run run = forward(params, image, sizes);
  const bool ramp = test.line().word("check", "") == "ramp";
  const double slope[3] = {2, -1, 0.5};
  if (ramp) {
    for (int64_t i = 0; i < image.count(); ++i) {
      image.set(i, slope[0] * double(i % sizes[2]) + slope[1] * double(i / sizes[2] % sizes[1]) +
                       slope[2] * double(i / (sizes[2] * sizes[1])));
    }
  }
  test.run(run);
  if (!ramp) return;
  // One-sided differences at the ends make a linear image's gradient the same everywhere.
  const Buffer& gradient = test.reference(run).result("gradient");
  for (int64_t i = 0; i < gradient.count(); ++i) {
    const double* row = params.gradient_map + 3 * (i / image.count());
    const double expected = row[0] * slope[0] + row[1] * slope[1] + row[2] * slope[2];
    test.expect(std::fabs(gradient.get(i) - expected) < 1e-5, "element %lld is %.9g, not %.9g",
                static_cast<long long>(i), gradient.get(i), expected);
  }
}

void image_gradient_adjointCase(Case& test) {
  const Sizes sizes = test.line().sizes("shape");
  const vk_image_gradient_params params = paramsOf(test.line());
  Buffer& gradient = test.uniform("gradient", gradientSizes(sizes), -100, 100);
  const Buffer& image = test.uniform("image", sizes, -1, 1);
  test.spoil(gradient);
  const Run run = transposed(params, gradient, sizes);
  test.run(run);
  if (test.type() != VK_F64) return;
  test.checkAdjoint(test.reference(forward(params, image, sizes)).result("gradient"), gradient,
                    image, test.reference(run).result("image"));
}

}  // namespace vk::cases
