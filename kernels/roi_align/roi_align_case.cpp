#include <algorithm>
#include <cmath>

#include "cases/case.h"
#include "voxkern/roi.h"

namespace vk::cases {
namespace {

struct RoiCase {
  vk_roi_align_params params{};
  Sizes features;
  Sizes bins;
  Buffer* boxes;
  Buffer* images;

  explicit RoiCase(Case& test) {
    const CaseLine& line = test.line();
    params.struct_size = sizeof params;
    params.mode = line.word("mode", "average") == "max" ? VK_ROI_MAX : VK_ROI_AVERAGE;
    params.half_pixel = line.flag("half", true) ? 1 : 0;
    params.sampling_ratio = line.integer("sampling", 0);
    const std::vector<double> scale = line.numbers("scale", 3, 1);
    for (size_t axis = 0; axis < 3; ++axis) params.spatial_scale[axis] = scale[2 - axis];
    const Sizes shape = line.sizes("shape");
    const int64_t batch = line.integer("n", 1), channels = line.integer("c", 1);
    const int64_t count = line.integer("boxes", 4), values = line.integer("values", 6);
    features = {batch, channels, shape[0], shape[1], shape[2]};
    bins = {count, channels};
    for (const int64_t size : line.sizes("out")) bins.push_back(size);
    // Corners about the volume, in its voxels, some of them outside and some in the wrong order.
    boxes = &test.uniform("boxes", {count, values}, -0.2, 1.2);
    const std::string kind = line.word("kind", "any");
    for (int64_t i = 0; i < boxes->count(); ++i) {
      const int64_t axis = values / 2 - 1 - i % (values / 2);
      const size_t at = static_cast<size_t>(axis + 3 - values / 2);
      const double size = static_cast<double>(shape[at]) / scale[2 - at];
      double value = boxes->get(i);
      const bool second = i % values >= values / 2;
      if (kind == "ordered") value = second ? 0.6 + 0.5 * value : 0.1 + 0.4 * value;
      if (kind == "huge") value = second ? 1e30 : -1e30;
      if (kind == "nan") value = std::nan("");
      boxes->set(i, value * size);
    }
    images = &test.input("images", VK_I64, {count});
    const int64_t image = line.integer("image", -1);
    for (int64_t i = 0; i < images->count(); ++i) {
      images->set(i, static_cast<double>(image >= 0 ? image : i % std::max<int64_t>(batch, 1)));
    }
  }
};

Run forward(const RoiCase& roi, const Buffer& input, vk_element_type type) {
  return [&roi, &input, type](Call& call) {
    const vk_view* output =
        call.output("output", type, roi.bins, {.absolute = 2e-6, .ofLargest = 4e-6});
    vk_plan plan{};
    call.ok(vk_roi_align_plan(call.context(), input.view(), roi.boxes->view(), roi.images->view(),
                              &roi.params, output, &plan));
    call.ok(vk_roi_align(call.context(), &plan, input.view(), roi.boxes->view(), roi.images->view(),
                         &roi.params, call.workspace(plan), output));
  };
}

}  // namespace

void roi_alignCase(Case& test) {
  const RoiCase roi(test);
  Buffer& input = test.uniform("input", roi.features, -1, 1);
  test.spoil(input);
  test.run(forward(roi, input, test.type()));
}

void roi_align_gradientCase(Case& test) {
  const CaseLine& line = test.line();
  const RoiCase roi(test);
  Buffer& input = test.uniform("input", roi.features, -1, 1);
  Buffer& upstream = test.uniform("upstream", roi.bins, -1, 1);
  const Run gradient = [&](Call& call) {
    const vk_view* out =
        call.output("gradient", test.type(), roi.features, {.absolute = 2e-6, .ofLargest = 4e-6});
    vk_plan plan{};
    call.ok(vk_roi_align_gradient_plan(call.context(), input.view(), roi.boxes->view(),
                                       roi.images->view(), upstream.view(), &roi.params, out,
                                       &plan));
    call.ok(vk_roi_align_gradient(call.context(), &plan, input.view(), roi.boxes->view(),
                                  roi.images->view(), upstream.view(), &roi.params,
                                  call.workspace(plan), out));
  };
  test.run(gradient);
  if (line.has("expect")) return;

  // <A input, upstream> = <input, A' upstream>, of the maximum with the voxels that it takes.
  const Run aligned = forward(roi, input, test.type());
  const Call& analytic = test.reference(gradient);
  test.checkAdjoint(test.reference(aligned).result("output"), upstream, input,
                    analytic.result("gradient"));

  if (line.flag("differences", false)) {
    test.checkGradient("d<roi_align, upstream>/dinput", input, analytic.result("gradient"),
                       [&] { return dot(test.reference(aligned).result("output"), upstream); });
  }
}

}  // namespace vk::cases
