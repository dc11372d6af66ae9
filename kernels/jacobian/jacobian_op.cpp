#include <cmath>

#include "jacobian/jacobian.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kJacobian = "jacobian";
constexpr const char* kPenalty = "jacobian_penalty";

/** What both functions take; fills size, gradientMap, type, displacement and mask of `args`. */
template <class Args, class Params>
void checkCommon(const char* operation, const vk_view* displacement, const vk_view* mask,
                 const Params* params, Args& args) {
  if (params == nullptr || params->struct_size != sizeof(Params)) {
    invalidArgument("%s: the parameters are missing or of another ABI version", operation);
  }
  requireDenseFloat(operation, "displacement", displacement);
  requireRank(operation, "displacement", *displacement, 4);
  bool fits = displacement->sizes[0] == 3;
  for (int axis = 1; axis < 4; ++axis) fits = fits && displacement->sizes[axis] >= 1;
  if (!fits) {
    invalidArgument("%s: displacement is %s, expected (3, d, h, w), none of them 0", operation,
                    describe(*displacement).c_str());
  }
  if (present(mask)) {
    requireDense(operation, "mask", mask, VK_U8);
    requireRank(operation, "mask", *mask, 3);
    for (int axis = 0; axis < 3; ++axis) {
      if (mask->sizes[axis] != displacement->sizes[axis + 1]) {
        invalidArgument("%s: mask is %s but displacement is %s; the grids must agree", operation,
                        describe(*mask).c_str(), describe(*displacement).c_str());
      }
    }
  }
  for (int i = 0; i < 9; ++i) {
    if (!std::isfinite(params->gradient_map[i])) {
      invalidArgument("%s: gradient_map holds %g", operation, params->gradient_map[i]);
    }
    args.gradientMap[i] = params->gradient_map[i];
  }
  for (int axis = 0; axis < 3; ++axis) args.size[axis] = displacement->sizes[3 - axis];
  args.type = displacement->type;
  args.displacement = displacement->data;
  args.mask = dataOf<const uint8_t>(mask);
}

JacobianArgs checked(const vk_view* displacement, const vk_view* mask,
                     const vk_jacobian_params* params, const vk_view* determinant,
                     vk_jacobian_statistics* statistics) {
  JacobianArgs args{};
  checkCommon(kJacobian, displacement, mask, params, args);
  if (present(determinant)) {
    requireDense(kJacobian, "determinant", determinant, args.type);
    requireRank(kJacobian, "determinant", *determinant, 3);
    for (int axis = 0; axis < 3; ++axis) {
      if (determinant->sizes[axis] != displacement->sizes[axis + 1]) {
        invalidArgument("%s: determinant is %s but displacement is %s; the grids must agree",
                        kJacobian, describe(*determinant).c_str(), describe(*displacement).c_str());
      }
    }
    args.determinant = determinant->data;
  }
  args.statistics = statistics;
  return args;
}

JacobianPenaltyArgs checkedPenalty(const vk_view* displacement, const vk_view* mask,
                                   const vk_jacobian_penalty_params* params,
                                   const vk_view* gradient, double* value) {
  JacobianPenaltyArgs args{};
  checkCommon(kPenalty, displacement, mask, params, args);
  args.leastDeterminant = params->least_determinant;
  if (!std::isfinite(args.leastDeterminant)) {
    invalidArgument("%s: least_determinant is %g", kPenalty, args.leastDeterminant);
  }
  if (present(gradient)) {
    requireDense(kPenalty, "gradient", gradient, args.type);
    requireSameSizes(kPenalty, "displacement", *displacement, "gradient", *gradient);
    args.gradient = gradient->data;
  }
  args.value = value;
  return args;
}

template <class Args>
Refusal cpuAccepts(const Args& args) {
  return args.type == VK_F32 ? Refusal() : "takes f32 only";
}

}  // namespace

Implementations<JacobianArgs> jacobianImplementations() {
  static const HostImplementations<JacobianArgs> table(
      jacobianCpuTable, cpuAccepts<JacobianArgs>, jacobianCpuWorkspaceBytes, jacobianReference);
  return table;
}

Implementations<JacobianPenaltyArgs> jacobian_penaltyImplementations() {
  static const HostImplementations<JacobianPenaltyArgs> table(
      jacobianPenaltyCpuTable, cpuAccepts<JacobianPenaltyArgs>, jacobianPenaltyCpuWorkspaceBytes,
      jacobianPenaltyReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_jacobian_plan(vk_context* context, const vk_view* displacement, const vk_view* mask,
                           const vk_jacobian_params* params, const vk_view* determinant,
                           vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kJacobian, vk::jacobianImplementations(),
               vk::checked(displacement, mask, params, determinant, nullptr), plan);
  });
}

vk_status vk_jacobian(vk_context* context, const vk_plan* plan, const vk_view* displacement,
                      const vk_view* mask, const vk_jacobian_params* params,
                      const vk_view* determinant, const vk_view* workspace,
                      vk_jacobian_statistics* statistics) {
  return vk::guarded(context, [&] {
    if (statistics == nullptr && !vk::present(determinant)) {
      vk::invalidArgument("%s: neither the determinant nor statistics are wanted", vk::kJacobian);
    }
    vk::run(*context, vk::kJacobian, vk::jacobianImplementations(),
            vk::checked(displacement, mask, params, determinant, statistics), plan, workspace);
  });
}

vk_status vk_jacobian_penalty_plan(vk_context* context, const vk_view* displacement,
                                   const vk_view* mask, const vk_jacobian_penalty_params* params,
                                   const vk_view* gradient, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kPenalty, vk::jacobian_penaltyImplementations(),
               vk::checkedPenalty(displacement, mask, params, gradient, nullptr), plan);
  });
}

vk_status vk_jacobian_penalty(vk_context* context, const vk_plan* plan, const vk_view* displacement,
                              const vk_view* mask, const vk_jacobian_penalty_params* params,
                              const vk_view* gradient, const vk_view* workspace, double* value) {
  return vk::guarded(context, [&] {
    if (value == nullptr) vk::invalidArgument("%s: nowhere to put the value", vk::kPenalty);
    vk::run(*context, vk::kPenalty, vk::jacobian_penaltyImplementations(),
            vk::checkedPenalty(displacement, mask, params, gradient, value), plan, workspace);
  });
}

}  // extern "C"
