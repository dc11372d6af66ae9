#include "bspline_prefilter/bspline_prefilter.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kName = "bspline_prefilter";

BsplinePrefilterArgs checked(const vk_view* image, vk_border border, const vk_view* coefficients) {
  requireDenseFloat(kName, "image", image);
  if (image->rank != 3 && image->rank != 4) {
    invalidArgument("%s: image has shape %s, expected (D, H, W) or (C, D, H, W)", kName,
                    describe(*image).c_str());
  }
  if (border < VK_BORDER_CONSTANT || border > VK_BORDER_PERIODIC) {
    invalidArgument("%s: unknown border %d", kName, static_cast<int>(border));
  }
  requireDenseFloat(kName, "coefficients", coefficients);
  requireSameType(kName, "image", *image, "coefficients", *coefficients);
  requireSameSizes(kName, "image", *image, "coefficients", *coefficients);
  const int64_t* sizes = image->sizes + (image->rank - 3);
  return {image->type,
          border,
          image->rank == 4 ? image->sizes[0] : 1,
          sizes[2],
          sizes[1],
          sizes[0],
          image->data,
          coefficients->data};
}

Refusal cpuAccepts(const BsplinePrefilterArgs& args) {
  return args.type == VK_F32 ? Refusal() : "takes f32 only";
}

}  // namespace

Implementations<BsplinePrefilterArgs> bspline_prefilterImplementations() {
  static const HostImplementations<BsplinePrefilterArgs> table(bsplinePrefilterCpuTable, cpuAccepts,
                                                               bsplinePrefilterCpuWorkspaceBytes,
                                                               bsplinePrefilterReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_bspline_prefilter_plan(vk_context* context, const vk_view* image, vk_border border,
                                    const vk_view* coefficients, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::bspline_prefilterImplementations(),
               vk::checked(image, border, coefficients), plan);
  });
}

vk_status vk_bspline_prefilter(vk_context* context, const vk_plan* plan, const vk_view* image,
                               vk_border border, const vk_view* coefficients,
                               const vk_view* workspace) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kName, vk::bspline_prefilterImplementations(),
            vk::checked(image, border, coefficients), plan, workspace);
  });
}

}  // extern "C"
