#include "registry/operations.h"
#include "warp3d/warp3d_args.h"
#include "warp3d/warp3d_fill.h"

namespace vk {
namespace {

void requireDenseAnyElement(const char* name, const char* what, const vk_view* view) {
  if (!present(view)) invalidArgument("%s: %s is missing", name, what);
  requireDense(name, what, view, view->type);
  if (view->type == VK_BF16 || view->type == VK_F16) {
    unsupported("%s: %s is %s; half precision is not implemented", name, what,
                describe(*view).c_str());
  }
}

Warp3dArgs forwardArgs(const vk_view* moving, const vk_view* movingMask, const vk_view* domainMask,
                       const vk_view* displacement, const vk_view* points,
                       const vk_warp3d_params* params, const vk_view* warped,
                       const vk_view* inside) {
  constexpr const char* kName = "warp3d";
  Warp3dArgs args{};
  checkWarp3dParams(kName, params, &args);
  requireDenseAnyElement(kName, "moving", moving);
  checkWarp3dImage(kName, "moving", *moving, &args);
  if (args.interpolation != VK_NEAREST) requireDenseFloat(kName, "moving", moving);
  args.moving = moving->data;
  if (present(movingMask)) {
    requireDense(kName, "moving_mask", movingMask, VK_U8);
    requireRank(kName, "moving_mask", *movingMask, 3);
    for (int32_t i = 0; i < 3; ++i) {
      if (movingMask->sizes[i] != moving->sizes[moving->rank - 3 + i]) {
        invalidArgument("%s: moving_mask is %s but moving is %s", kName,
                        describe(*movingMask).c_str(), describe(*moving).c_str());
      }
    }
    args.movingMask = dataOf<const uint8_t>(movingMask);
  }
  requireDenseAnyElement(kName, "warped", warped);
  requireSameType(kName, "moving", *moving, "warped", *warped);
  checkWarp3dDomain(kName, "warped", *warped, points, moving->rank == 4, &args);
  args.warped = warped->data;
  checkWarp3dDisplacement(kName, displacement, &args);
  checkWarp3dMask(kName, "domain_mask", domainMask, &args);
  if (present(inside)) {
    requireDense(kName, "inside", inside, VK_U8);
    checkOnWarp3dDomain(kName, "inside", *inside, false, args);
    args.inside = dataOf<uint8_t>(inside);
  }
  return args;
}

}  // namespace

void warp3dFillBits(const Warp3dArgs& args, void* element) { warp3dStoreFill(args, element); }

Implementations<Warp3dArgs> warp3dImplementations() {
  static const HostImplementations<Warp3dArgs> table(warp3dCpuTable, warp3dCpuAccepts, nullptr,
                                                     warp3dReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_warp3d_plan(vk_context* context, const vk_view* moving, const vk_view* moving_mask,
                         const vk_view* domain_mask, const vk_view* displacement,
                         const vk_view* points, const vk_warp3d_params* params,
                         const vk_view* warped, const vk_view* inside, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, "warp3d", vk::warp3dImplementations(),
               vk::forwardArgs(moving, moving_mask, domain_mask, displacement, points, params,
                               warped, inside),
               plan);
  });
}

vk_status vk_warp3d(vk_context* context, const vk_plan* plan, const vk_view* moving,
                    const vk_view* moving_mask, const vk_view* domain_mask,
                    const vk_view* displacement, const vk_view* points,
                    const vk_warp3d_params* params, const vk_view* warped, const vk_view* inside,
                    const vk_view* workspace) {
  return vk::guarded(context, [&] {
    vk::run(*context, "warp3d", vk::warp3dImplementations(),
            vk::forwardArgs(moving, moving_mask, domain_mask, displacement, points, params, warped,
                            inside),
            plan, workspace);
  });
}

}  // extern "C"
