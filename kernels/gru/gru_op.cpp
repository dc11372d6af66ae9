#include "gru/gru.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr RecurrentKind kForward{"gru", 3, false, false};
constexpr RecurrentKind kGradient{"gru_gradient", 3, false, true};

GruArgs checked(const RecurrentKind& kind, const Context& context,
                const vk_recurrent_tensors* tensors, vk_recurrence recurrence,
                int32_t linearBeforeReset) {
  return {recurrentArgs(kind, context, tensors, recurrence), linearBeforeReset != 0};
}

Refusal cpuAccepts(const GruArgs& args) { return takesF32(args); }

}  // namespace

Implementations<GruArgs> gruImplementations() {
  static const HostImplementations<GruArgs> table(gruCpuTable, cpuAccepts, gruCpuWorkspaceBytes,
                                                  gruReference);
  return table;
}

Implementations<GruArgs> gru_gradientImplementations() {
  static const HostImplementations<GruArgs> table(
      gruGradientCpuTable, cpuAccepts, gruGradientCpuWorkspaceBytes, gruGradientReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_gru_plan(vk_context* context, const vk_recurrent_tensors* tensors,
                      vk_recurrence recurrence, int32_t linear_before_reset, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kForward.operation, vk::gruImplementations(),
               vk::checked(vk::kForward, *context, tensors, recurrence, linear_before_reset), plan);
  });
}

vk_status vk_gru(vk_context* context, const vk_plan* plan, const vk_recurrent_tensors* tensors,
                 vk_recurrence recurrence, int32_t linear_before_reset, const vk_view* workspace) {
  return vk::guarded(context, [&] {
    const vk::GruArgs args =
        vk::checked(vk::kForward, *context, tensors, recurrence, linear_before_reset);
    vk::requireLengths(vk::kForward, *context, args);
    vk::run(*context, vk::kForward.operation, vk::gruImplementations(), args, plan, workspace);
  });
}

vk_status vk_gru_gradient_plan(vk_context* context, const vk_recurrent_tensors* tensors,
                               vk_recurrence recurrence, int32_t linear_before_reset,
                               vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kGradient.operation, vk::gru_gradientImplementations(),
               vk::checked(vk::kGradient, *context, tensors, recurrence, linear_before_reset),
               plan);
  });
}

vk_status vk_gru_gradient(vk_context* context, const vk_plan* plan,
                          const vk_recurrent_tensors* tensors, vk_recurrence recurrence,
                          int32_t linear_before_reset, const vk_view* workspace) {
  return vk::guarded(context, [&] {
    const vk::GruArgs args =
        vk::checked(vk::kGradient, *context, tensors, recurrence, linear_before_reset);
    vk::requireLengths(vk::kGradient, *context, args);
    vk::run(*context, vk::kGradient.operation, vk::gru_gradientImplementations(), args, plan,
            workspace);
  });
}

}  // extern "C"
