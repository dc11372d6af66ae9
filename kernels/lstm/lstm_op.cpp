#include "lstm/lstm.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr RecurrentKind kForward{"lstm", 4, true, false};
constexpr RecurrentKind kGradient{"lstm_gradient", 4, true, true};

LstmArgs checked(const RecurrentKind& kind, const Context& context,
                 const vk_recurrent_tensors* tensors, vk_recurrence recurrence) {
  return {recurrentArgs(kind, context, tensors, recurrence)};
}

Refusal cpuAccepts(const LstmArgs& args) { return takesF32(args); }

}  // namespace

Implementations<LstmArgs> lstmImplementations() {
  static const HostImplementations<LstmArgs> table(lstmCpuTable, cpuAccepts, lstmCpuWorkspaceBytes,
                                                   lstmReference);
  return table;
}

Implementations<LstmArgs> lstm_gradientImplementations() {
  static const HostImplementations<LstmArgs> table(
      lstmGradientCpuTable, cpuAccepts, lstmGradientCpuWorkspaceBytes, lstmGradientReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_lstm_plan(vk_context* context, const vk_recurrent_tensors* tensors,
                       vk_recurrence recurrence, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kForward.operation, vk::lstmImplementations(),
               vk::checked(vk::kForward, *context, tensors, recurrence), plan);
  });
}

vk_status vk_lstm(vk_context* context, const vk_plan* plan, const vk_recurrent_tensors* tensors,
                  vk_recurrence recurrence, const vk_view* workspace) {
  return vk::guarded(context, [&] {
    const vk::LstmArgs args = vk::checked(vk::kForward, *context, tensors, recurrence);
    vk::requireLengths(vk::kForward, *context, args);
    vk::run(*context, vk::kForward.operation, vk::lstmImplementations(), args, plan, workspace);
  });
}

vk_status vk_lstm_gradient_plan(vk_context* context, const vk_recurrent_tensors* tensors,
                                vk_recurrence recurrence, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kGradient.operation, vk::lstm_gradientImplementations(),
               vk::checked(vk::kGradient, *context, tensors, recurrence), plan);
  });
}

vk_status vk_lstm_gradient(vk_context* context, const vk_plan* plan,
                           const vk_recurrent_tensors* tensors, vk_recurrence recurrence,
                           const vk_view* workspace) {
  return vk::guarded(context, [&] {
    const vk::LstmArgs args = vk::checked(vk::kGradient, *context, tensors, recurrence);
    vk::requireLengths(vk::kGradient, *context, args);
    vk::run(*context, vk::kGradient.operation, vk::lstm_gradientImplementations(), args, plan,
            workspace);
  });
}

}  // extern "C"
