#include "image_gradient/image_gradient.h"

#include <cmath>

#include "registry/operations.h"

namespace vk {
namespace {

ImageGradientArgs checked(const char* operation, const vk_view* image, const vk_view* gradient,
                          const vk_image_gradient_params* params) {
  if (params == nullptr || params->struct_size != sizeof(vk_image_gradient_params)) {
    invalidArgument("%s: the parameters are missing or of another version", operation);
  }
  requireDenseFloat(operation, "image", image);
  requireDenseFloat(operation, "gradient", gradient);
  requireRank(operation, "image", *image, 3);
  requireRank(operation, "gradient", *gradient, 4);
  requireSameType(operation, "image", *image, "gradient", *gradient);
  ImageGradientArgs args{};
  for (int axis = 0; axis < 3; ++axis) {
    args.size[axis] = image->sizes[2 - axis];
    if (gradient->sizes[0] != 3 || gradient->sizes[3 - axis] != args.size[axis]) {
      invalidArgument("%s: image is %s but gradient is %s; expected (3, D, H, W)", operation,
                      describe(*image).c_str(), describe(*gradient).c_str());
    }
  }
  for (int i = 0; i < 9; ++i) {
    args.map[i] = params->gradient_map[i];
    if (!std::isfinite(args.map[i])) {
      invalidArgument("%s: the gradient map is not finite", operation);
    }
  }
  args.type = image->type;
  args.image = image->data;
  args.gradient = gradient->data;
  return args;
}

Refusal cpuAccepts(const ImageGradientArgs& args) {
  return args.type == VK_F32 ? Refusal() : "takes f32 only";
}

constexpr const char* kGradient = "image_gradient";
constexpr const char* kAdjoint = "image_gradient_adjoint";

}  // namespace

Implementations<ImageGradientArgs> image_gradientImplementations() {
  static const HostImplementations<ImageGradientArgs> table(imageGradientCpuTable, cpuAccepts,
                                                            nullptr, imageGradientReference);
  return table;
}

Implementations<ImageGradientArgs> image_gradient_adjointImplementations() {
  static const HostImplementations<ImageGradientArgs> table(
      imageGradientAdjointCpuTable, cpuAccepts, nullptr, imageGradientAdjointReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_image_gradient_plan(vk_context* context, const vk_view* image,
                                 const vk_image_gradient_params* params, const vk_view* gradient,
                                 vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kGradient, vk::image_gradientImplementations(),
               vk::checked(vk::kGradient, image, gradient, params), plan);
  });
}

vk_status vk_image_gradient(vk_context* context, const vk_plan* plan, const vk_view* image,
                            const vk_image_gradient_params* params, const vk_view* workspace,
                            const vk_view* gradient) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kGradient, vk::image_gradientImplementations(),
            vk::checked(vk::kGradient, image, gradient, params), plan, workspace);
  });
}

vk_status vk_image_gradient_adjoint_plan(vk_context* context, const vk_view* gradient,
                                         const vk_image_gradient_params* params,
                                         const vk_view* image, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kAdjoint, vk::image_gradient_adjointImplementations(),
               vk::checked(vk::kAdjoint, image, gradient, params), plan);
  });
}

vk_status vk_image_gradient_adjoint(vk_context* context, const vk_plan* plan,
                                    const vk_view* gradient, const vk_image_gradient_params* params,
                                    const vk_view* workspace, const vk_view* image) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kAdjoint, vk::image_gradient_adjointImplementations(),
            vk::checked(vk::kAdjoint, image, gradient, params), plan, workspace);
  });
}

}  // extern "C"
