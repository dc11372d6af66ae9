#include "compose/field_checks.h"
#include "compose/interleaved_field.h"
#include "exponential/exponential.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kExponential = "exponential";
constexpr const char* kGradient = "exponential_gradient";

ExponentialArgs checked(const vk_view* velocity, const vk_exponential_params* params,
                        const vk_view* displacement, int32_t* stepsUsed) {
  checkParams(kExponential, params);
  ExponentialArgs args{};
  checkField(kExponential, "velocity", velocity, args.size);
  requireDense(kExponential, "displacement", displacement, velocity->type);
  requireSameSizes(kExponential, "velocity", *velocity, "displacement", *displacement);
  copyFinite(kExponential, "displacement_map", params->displacement_map, 9, args.displacementMap);
  if (params->steps > kExponentialMostSteps) {
    invalidArgument("%s: %d steps, expected at most %d, or a negative number for automatic",
                    kExponential, params->steps, kExponentialMostSteps);
  }
  args.steps = params->steps;
  args.type = velocity->type;
  args.velocity = velocity->data;
  args.displacement = displacement->data;
  args.stepsUsed = stepsUsed;
  return args;
}

ExponentialGradientArgs checkedGradient(const vk_view* velocity,
                                        const vk_view* displacementGradient,
                                        const vk_exponential_params* params,
                                        const vk_view* velocityGradient) {
  checkParams(kGradient, params);
  ExponentialGradientArgs args{};
  checkField(kGradient, "velocity", velocity, args.size);
  requireDense(kGradient, "displacement_gradient", displacementGradient, velocity->type);
  requireSameSizes(kGradient, "velocity", *velocity, "displacement_gradient",
                   *displacementGradient);
  requireDense(kGradient, "velocity_gradient", velocityGradient, velocity->type);
  requireSameSizes(kGradient, "velocity", *velocity, "velocity_gradient", *velocityGradient);
  copyFinite(kGradient, "displacement_map", params->displacement_map, 9, args.displacementMap);
  if (params->steps < 0 || params->steps > kExponentialMostSteps) {
    invalidArgument("%s: %d steps, expected 0 to %d: those that the exponential ran", kGradient,
                    params->steps, kExponentialMostSteps);
  }
  args.steps = params->steps;
  args.type = velocity->type;
  args.velocity = velocity->data;
  args.displacementGradient = displacementGradient->data;
  args.velocityGradient = velocityGradient->data;
  return args;
}

template <class Args>
Refusal cpuAccepts(const Args& args) {
  if (args.type != VK_F32) return "takes f32 only";
  if (!fieldFits(args.size)) return "takes fields of fewer than 2^31 voxels";
  return {};
}

}  // namespace

Implementations<ExponentialArgs> exponentialImplementations() {
  static const HostImplementations<ExponentialArgs> table(
      exponentialCpuTable, cpuAccepts<ExponentialArgs>, exponentialCpuWorkspaceBytes,
      exponentialReference);
  return table;
}

Implementations<ExponentialGradientArgs> exponential_gradientImplementations() {
  static const HostImplementations<ExponentialGradientArgs> table(
      exponentialGradientCpuTable, cpuAccepts<ExponentialGradientArgs>,
      exponentialGradientCpuWorkspaceBytes, exponentialGradientReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_exponential_plan(vk_context* context, const vk_view* velocity,
                              const vk_exponential_params* params, const vk_view* displacement,
                              vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kExponential, vk::exponentialImplementations(),
               vk::checked(velocity, params, displacement, nullptr), plan);
  });
}

vk_status vk_exponential(vk_context* context, const vk_plan* plan, const vk_view* velocity,
                         const vk_exponential_params* params, const vk_view* displacement,
                         const vk_view* workspace, int32_t* steps) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kExponential, vk::exponentialImplementations(),
            vk::checked(velocity, params, displacement, steps), plan, workspace);
  });
}

vk_status vk_exponential_gradient_plan(vk_context* context, const vk_view* velocity,
                                       const vk_view* displacement_gradient,
                                       const vk_exponential_params* params,
                                       const vk_view* velocity_gradient, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kGradient, vk::exponential_gradientImplementations(),
               vk::checkedGradient(velocity, displacement_gradient, params, velocity_gradient),
               plan);
  });
}

vk_status vk_exponential_gradient(vk_context* context, const vk_plan* plan, const vk_view* velocity,
                                  const vk_view* displacement_gradient,
                                  const vk_exponential_params* params,
                                  const vk_view* velocity_gradient, const vk_view* workspace) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kGradient, vk::exponential_gradientImplementations(),
            vk::checkedGradient(velocity, displacement_gradient, params, velocity_gradient), plan,
            workspace);
  });
}

}  // extern "C"
