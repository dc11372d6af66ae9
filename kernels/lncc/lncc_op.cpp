#include <algorithm>

#include "lncc/lncc.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kName = "lncc";
constexpr const char* kAxes = "xyz";
/** Below this the rounding of the window sums could pass for variance. */
constexpr double kLeastFloor = 1e-8;

LnccArgs checked(const vk_context& context, const vk_view* fixed, const vk_view* warped,
                 const vk_view* mask, const vk_lncc_params* params, const vk_view* gradient,
                 double* value) {
  if (params == nullptr || params->struct_size != sizeof(vk_lncc_params)) {
    invalidArgument("%s: the parameters are missing or of another version", kName);
  }
  requireDenseFloat(kName, "fixed", fixed);
  requireDenseFloat(kName, "warped", warped);
  requireRank(kName, "fixed", *fixed, 3);
  requireSameType(kName, "fixed", *fixed, "warped", *warped);
  requireSameSizes(kName, "fixed", *fixed, "warped", *warped);
  if (present(mask)) {
    requireDense(kName, "mask", mask, VK_U8);
    requireSameSizes(kName, "fixed", *fixed, "mask", *mask);
  }
  if (present(gradient)) {
    requireDense(kName, "gradient", gradient, fixed->type);
    requireSameSizes(kName, "fixed", *fixed, "gradient", *gradient);
  }
  if (!(params->variance_floor >= kLeastFloor && params->variance_floor <= 1)) {
    invalidArgument("%s: the variance floor is %g, expected %g to 1", kName, params->variance_floor,
                    kLeastFloor);
  }
  LnccArgs args{};
  args.type = fixed->type;
  args.fixed = fixed->data;
  args.warped = warped->data;
  args.mask = dataOf<const uint8_t>(mask);
  args.gradient = dataOf<void>(gradient);
  args.value = value;
  args.varianceFloor = params->variance_floor;
  args.threads = vk_context_threads(&context);
  for (int axis = 0; axis < 3; ++axis) {
    args.size[axis] = fixed->sizes[2 - axis];
    if (params->radius[axis] < 0) {
      invalidArgument("%s: the radius along %c is %d, expected 0 or more", kName, kAxes[axis],
                      params->radius[axis]);
    }
    args.radius[axis] =
        std::clamp<int64_t>(params->radius[axis], 0, std::max<int64_t>(0, args.size[axis] - 1));
  }
  return args;
}

Refusal cpuAccepts(const LnccArgs& args) {
  return args.type == VK_F32 ? Refusal() : "takes f32 only";
}

}  // namespace

Implementations<LnccArgs> lnccImplementations() {
  static const HostImplementations<LnccArgs> table(lnccCpuTable, cpuAccepts, lnccCpuWorkspaceBytes,
                                                   lnccReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_lncc_plan(vk_context* context, const vk_view* fixed, const vk_view* warped,
                       const vk_view* mask, const vk_lncc_params* params, const vk_view* gradient,
                       vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::lnccImplementations(),
               vk::checked(*context, fixed, warped, mask, params, gradient, nullptr), plan);
  });
}

vk_status vk_lncc(vk_context* context, const vk_plan* plan, const vk_view* fixed,
                  const vk_view* warped, const vk_view* mask, const vk_lncc_params* params,
                  const vk_view* gradient, const vk_view* workspace, double* value) {
  return vk::guarded(context, [&] {
    if (value == nullptr) vk::invalidArgument("lncc: nowhere to put the value");
    vk::run(*context, vk::kName, vk::lnccImplementations(),
            vk::checked(*context, fixed, warped, mask, params, gradient, value), plan, workspace);
  });
}

}  // extern "C"
