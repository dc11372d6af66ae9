#include "affine_grid/affine_grid.h"
#include "registry/operations.h"

namespace vk {
namespace {

/** theta and grid, or the gradient of theta and dL/dgrid. */
AffineGridArgs checked(const char* name, const char* whatTheta, const vk_view* theta,
                       int32_t alignCorners, const char* whatGrid, const vk_view* grid) {
  requireDenseFloat(name, whatTheta, theta);
  requireDenseFloat(name, whatGrid, grid);
  requireSameType(name, whatTheta, *theta, whatGrid, *grid);
  AffineGridArgs args{};
  args.axes = grid->rank - 2;
  const bool fits = (args.axes == 2 || args.axes == 3) &&
                    grid->sizes[grid->rank - 1] == args.axes && theta->rank == 3 &&
                    theta->sizes[0] == grid->sizes[0] && theta->sizes[1] == args.axes &&
                    theta->sizes[2] == args.axes + 1;
  if (!fits) {
    invalidArgument(
        "%s: %s is %s and %s is %s, expected (N, 3, 4) and (N, D, H, W, 3), or (N, 2, 3) and "
        "(N, H, W, 2)",
        name, whatTheta, describe(*theta).c_str(), whatGrid, describe(*grid).c_str());
  }
  args.type = theta->type;
  args.alignCorners = alignCorners != 0;
  args.batch = grid->sizes[0];
  for (int32_t r = 0; r < 3; ++r) {
    args.size[r] = r < args.axes ? grid->sizes[grid->rank - 2 - r] : 1;
  }
  args.theta = theta->data;
  args.grid = grid->data;
  return args;
}

Refusal cpuAccepts(const AffineGridArgs& args) {
  return args.type == VK_F32 ? "" : "takes f32 only";
}

int64_t gradientWorkspaceBytes(const AffineGridArgs& args) {
  return args.batch * affineGridChunks(args) * args.axes * (args.axes + 1) *
         static_cast<int64_t>(sizeof(double));
}

AffineGridArgs forwardArgs(const vk_view* theta, int32_t alignCorners, const vk_view* grid) {
  return checked("affine_grid", "theta", theta, alignCorners, "grid", grid);
}

AffineGridArgs gradientArgs(const vk_view* upstream, int32_t alignCorners,
                            const vk_view* gradient) {
  return checked("affine_grid_gradient", "gradient", gradient, alignCorners, "upstream", upstream);
}

}  // namespace

Implementations<AffineGridArgs> affine_gridImplementations() {
  static const HostImplementations<AffineGridArgs> table(affineGridCpuTable, cpuAccepts, nullptr,
                                                         affineGridReference);
  return table;
}

Implementations<AffineGridArgs> affine_grid_gradientImplementations() {
  static const HostImplementations<AffineGridArgs> table(
      affineGridGradientCpuTable, cpuAccepts, gradientWorkspaceBytes, affineGridGradientReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_affine_grid_plan(vk_context* context, const vk_view* theta, int32_t align_corners,
                              const vk_view* grid, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, "affine_grid", vk::affine_gridImplementations(),
               vk::forwardArgs(theta, align_corners, grid), plan);
  });
}

vk_status vk_affine_grid(vk_context* context, const vk_plan* plan, const vk_view* theta,
                         int32_t align_corners, const vk_view* workspace, const vk_view* grid) {
  return vk::guarded(context, [&] {
    vk::run(*context, "affine_grid", vk::affine_gridImplementations(),
            vk::forwardArgs(theta, align_corners, grid), plan, workspace);
  });
}

vk_status vk_affine_grid_gradient_plan(vk_context* context, const vk_view* upstream,
                                       int32_t align_corners, const vk_view* gradient,
                                       vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, "affine_grid_gradient", vk::affine_grid_gradientImplementations(),
               vk::gradientArgs(upstream, align_corners, gradient), plan);
  });
}

vk_status vk_affine_grid_gradient(vk_context* context, const vk_plan* plan, const vk_view* upstream,
                                  int32_t align_corners, const vk_view* workspace,
                                  const vk_view* gradient) {
  return vk::guarded(context, [&] {
    vk::run(*context, "affine_grid_gradient", vk::affine_grid_gradientImplementations(),
            vk::gradientArgs(upstream, align_corners, gradient), plan, workspace);
  });
}

}  // extern "C"
