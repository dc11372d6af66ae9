#include "lstm/recurrent_case.h"
#include "voxkern/recurrent.h"

namespace vk::cases {
namespace {

RecurrentOperation forward(vk_recurrence recurrence, bool linear) {
  return {[=](vk_context* context, const vk_recurrent_tensors* tensors, vk_plan* plan) {
            return vk_gru_plan(context, tensors, recurrence, linear, plan);
          },
          [=](vk_context* context, const vk_plan* plan, const vk_recurrent_tensors* tensors,
              const vk_view* workspace) {
            return vk_gru(context, plan, tensors, recurrence, linear, workspace);
          }};
}

RecurrentOperation gradient(vk_recurrence recurrence, bool linear) {
  return {[=](vk_context* context, const vk_recurrent_tensors* tensors, vk_plan* plan) {
            return vk_gru_gradient_plan(context, tensors, recurrence, linear, plan);
          },
          [=](vk_context* context, const vk_plan* plan, const vk_recurrent_tensors* tensors,
              const vk_view* workspace) {
            return vk_gru_gradient(context, plan, tensors, recurrence, linear, workspace);
          }};
}

}  // namespace

void gruCase(Case& test) {
  const bool linear = test.line().flag("linear", false);
  RecurrentSetup setup(test, 3, false);
  setup.checkForward(forward(setup.recurrence, linear));
}

void gru_gradientCase(Case& test) {
  const bool linear = test.line().flag("linear", false);
  RecurrentSetup setup(test, 3, false);
  setup.checkGradient(forward(setup.recurrence, linear), gradient(setup.recurrence, linear));
}

}  // namespace vk::cases
