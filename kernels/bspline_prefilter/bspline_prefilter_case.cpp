#include <cmath>

#include "cases/case.h"
#include "voxkern/registration.h"

namespace vk::cases {

void bspline_prefilterCase(Case& test) {
  Sizes sizes = test.line().sizes("shape");
  const int64_t channels = test.line().integer("channels", 0);
  if (channels > 0) sizes.insert(sizes.begin(), channels);
  Buffer& image = test.uniform("image", sizes, -100, 100);
  test.spoil(image);
  const std::string word = test.line().word("border", "mirror");
  const vk_border border = word == "periodic"   ? VK_BORDER_PERIODIC
                           : word == "clamp"    ? VK_BORDER_CLAMP
                           : word == "constant" ? VK_BORDER_CONSTANT
                                                : VK_BORDER_MIRROR;
  const Run prefilter = [&](Call& call) {
    const vk_view* coefficients =
        call.output("coefficients", test.type(), sizes, {.relative = 2e-6, .ofLargest = 4e-6});
    vk_plan plan{};
    call.ok(vk_bspline_prefilter_plan(call.context(), image.view(), border, coefficients, &plan));
    call.ok(vk_bspline_prefilter(call.context(), &plan, image.view(), border, coefficients,
                                 call.workspace(plan)));
  };
  test.run(prefilter);
  if (test.line().word("check", "") != "interpolates") return;

  // The spline of the coefficients takes the image's values at its voxels.
  const Buffer& coefficients = test.reference(prefilter).result("coefficients");
  vk_warp3d_params params{};
  params.struct_size = sizeof params;
  params.interpolation = VK_CUBIC_BSPLINE;
  params.border = border;
  for (int i = 0; i < 12; ++i) params.index_map[i] = i % 5 == 0 ? 1 : 0;
  const Buffer none;
  const Buffer& warped =
      test.reference([&](Call& call) {
            const vk_view* out = call.output("warped", test.type(), sizes, {});
            vk_plan plan{};
            call.ok(vk_warp3d_plan(call.context(), coefficients.view(), none.view(), none.view(),
                                   none.view(), none.view(), &params, out, none.view(), &plan));
            call.ok(vk_warp3d(call.context(), &plan, coefficients.view(), none.view(), none.view(),
                              none.view(), none.view(), &params, out, none.view(),
                              call.workspace(plan)));
          })
          .result("warped");
  for (int64_t i = 0; i < warped.count(); ++i) {
    test.expect(std::fabs(warped.get(i) - image.get(i)) < 1e-4, "voxel %lld is %.9g, not %.9g",
                static_cast<long long>(i), warped.get(i), image.get(i));
  }
}

}  // namespace vk::cases
