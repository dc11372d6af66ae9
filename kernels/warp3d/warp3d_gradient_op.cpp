#include "registry/operations.h"
#include "warp3d/warp3d_args.h"

namespace vk {
namespace {

/** What the gradients by the map and by the displacement take. */
Warp3dArgs positionGradientArgs(const char* name, const vk_view* moving,
                                const vk_view* displacement, const vk_view* points,
                                const vk_view* mask, const vk_view* upstream,
                                const vk_warp3d_params* params) {
  Warp3dArgs args{};
  checkWarp3dParams(name, params, &args);
  if (args.interpolation == VK_NEAREST) {
    invalidArgument("%s: nearest-neighbour interpolation has no gradient", name);
  }
  requireDenseFloat(name, "moving", moving);
  checkWarp3dImage(name, "moving", *moving, &args);
  args.moving = moving->data;
  requireDenseFloat(name, "upstream", upstream);
  requireSameType(name, "moving", *moving, "upstream", *upstream);
  checkWarp3dDomain(name, "upstream", *upstream, points, moving->rank == 4, &args);
  args.upstream = upstream->data;
  checkWarp3dDisplacement(name, displacement, &args);
  checkWarp3dMask(name, "mask", mask, &args);
  return args;
}

Warp3dArgs gradientLinearArgs(const vk_view* moving, const vk_view* displacement,
                              const vk_view* points, const vk_view* mask, const vk_view* upstream,
                              const vk_warp3d_params* params, double* gradient) {
  Warp3dArgs args = positionGradientArgs("warp3d_gradient_linear", moving, displacement, points,
                                         mask, upstream, params);
  args.mapGradient = gradient;
  return args;
}

Warp3dArgs gradientFieldArgs(const vk_view* moving, const vk_view* displacement,
                             const vk_view* points, const vk_view* mask, const vk_view* upstream,
                             const vk_warp3d_params* params, const vk_view* gradient) {
  constexpr const char* kName = "warp3d_gradient_field";
  Warp3dArgs args =
      positionGradientArgs(kName, moving, displacement, points, mask, upstream, params);
  requireDense(kName, "gradient", gradient, moving->type);
  checkOnWarp3dDomain(kName, "gradient", *gradient, true, args);
  args.gradient = gradient->data;
  return args;
}

Warp3dArgs gradientImageArgs(const vk_view* displacement, const vk_view* points,
                             const vk_view* mask, const vk_view* upstream,
                             const vk_warp3d_params* params, const vk_view* gradient) {
  constexpr const char* kName = "warp3d_gradient_image";
  Warp3dArgs args{};
  checkWarp3dParams(kName, params, &args);
  requireDenseFloat(kName, "gradient", gradient);
  checkWarp3dImage(kName, "gradient", *gradient, &args);
  args.gradient = gradient->data;
  requireDenseFloat(kName, "upstream", upstream);
  requireSameType(kName, "gradient", *gradient, "upstream", *upstream);
  checkWarp3dDomain(kName, "upstream", *upstream, points, gradient->rank == 4, &args);
  args.upstream = upstream->data;
  checkWarp3dDisplacement(kName, displacement, &args);
  checkWarp3dMask(kName, "mask", mask, &args);
  return args;
}

Refusal gradientImageCpuAccepts(const Warp3dArgs& args) {
  return args.type == VK_F32 ? warp3dCpuTakesInputs(args) : "takes f32 only";
}

int64_t gradientLinearWorkspaceBytes(const Warp3dArgs& args) {
  return warp3dChunks(args) * 12 * static_cast<int64_t>(sizeof(double));
}

}  // namespace

Implementations<Warp3dArgs> warp3d_gradient_linearImplementations() {
  static const HostImplementations<Warp3dArgs> table(warp3dGradientLinearCpuTable, warp3dCpuAccepts,
                                                     gradientLinearWorkspaceBytes,
                                                     warp3dGradientLinearReference);
  return table;
}

Implementations<Warp3dArgs> warp3d_gradient_fieldImplementations() {
  static const HostImplementations<Warp3dArgs> table(warp3dGradientFieldCpuTable, warp3dCpuAccepts,
                                                     nullptr, warp3dGradientFieldReference);
  return table;
}

Implementations<Warp3dArgs> warp3d_gradient_imageImplementations() {
  static const HostImplementations<Warp3dArgs> table(
      warp3dGradientImageCpuTable, gradientImageCpuAccepts, warp3dGradientImageWorkspaceBytes,
      warp3dGradientImageReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_warp3d_gradient_linear_plan(vk_context* context, const vk_view* moving,
                                         const vk_view* displacement, const vk_view* points,
                                         const vk_view* mask, const vk_view* upstream,
                                         const vk_warp3d_params* params, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(
        *context, "warp3d_gradient_linear", vk::warp3d_gradient_linearImplementations(),
        vk::gradientLinearArgs(moving, displacement, points, mask, upstream, params, nullptr),
        plan);
  });
}

vk_status vk_warp3d_gradient_linear(vk_context* context, const vk_plan* plan, const vk_view* moving,
                                    const vk_view* displacement, const vk_view* points,
                                    const vk_view* mask, const vk_view* upstream,
                                    const vk_warp3d_params* params, const vk_view* workspace,
                                    double* gradient) {
  return vk::guarded(context, [&] {
    if (gradient == nullptr) {
      vk::invalidArgument("warp3d_gradient_linear: nowhere to put the gradient");
    }
    vk::run(*context, "warp3d_gradient_linear", vk::warp3d_gradient_linearImplementations(),
            vk::gradientLinearArgs(moving, displacement, points, mask, upstream, params, gradient),
            plan, workspace);
  });
}

vk_status vk_warp3d_gradient_field_plan(vk_context* context, const vk_view* moving,
                                        const vk_view* displacement, const vk_view* points,
                                        const vk_view* mask, const vk_view* upstream,
                                        const vk_warp3d_params* params, const vk_view* gradient,
                                        vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(
        *context, "warp3d_gradient_field", vk::warp3d_gradient_fieldImplementations(),
        vk::gradientFieldArgs(moving, displacement, points, mask, upstream, params, gradient),
        plan);
  });
}

vk_status vk_warp3d_gradient_field(vk_context* context, const vk_plan* plan, const vk_view* moving,
                                   const vk_view* displacement, const vk_view* points,
                                   const vk_view* mask, const vk_view* upstream,
                                   const vk_warp3d_params* params, const vk_view* gradient,
                                   const vk_view* workspace) {
  return vk::guarded(context, [&] {
    vk::run(*context, "warp3d_gradient_field", vk::warp3d_gradient_fieldImplementations(),
            vk::gradientFieldArgs(moving, displacement, points, mask, upstream, params, gradient),
            plan, workspace);
  });
}

vk_status vk_warp3d_gradient_image_plan(vk_context* context, const vk_view* displacement,
                                        const vk_view* points, const vk_view* mask,
                                        const vk_view* upstream, const vk_warp3d_params* params,
                                        const vk_view* gradient, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, "warp3d_gradient_image", vk::warp3d_gradient_imageImplementations(),
               vk::gradientImageArgs(displacement, points, mask, upstream, params, gradient), plan);
  });
}

vk_status vk_warp3d_gradient_image(vk_context* context, const vk_plan* plan,
                                   const vk_view* displacement, const vk_view* points,
                                   const vk_view* mask, const vk_view* upstream,
                                   const vk_warp3d_params* params, const vk_view* gradient,
                                   const vk_view* workspace) {
  return vk::guarded(context, [&] {
    vk::run(*context, "warp3d_gradient_image", vk::warp3d_gradient_imageImplementations(),
            vk::gradientImageArgs(displacement, points, mask, upstream, params, gradient), plan,
            workspace);
  });
}

}  // extern "C"
