#include "lstm/recurrent_case.h"
#include "voxkern/recurrent.h"

namespace vk::cases {
namespace {

RecurrentOperation forward(vk_recurrence recurrence) {
  return {[=](vk_context* context, const vk_recurrent_tensors* tensors, vk_plan* plan) {
            return vk_lstm_plan(context, tensors, recurrence, plan);
          },
          [=](vk_context* context, const vk_plan* plan, const vk_recurrent_tensors* tensors,
              const vk_view* workspace) {
            return vk_lstm(context, plan, tensors, recurrence, workspace);
          }};
}

RecurrentOperation gradient(vk_recurrence recurrence) {
  return {[=](vk_context* context, const vk_recurrent_tensors* tensors, vk_plan* plan) {
            return vk_lstm_gradient_plan(context, tensors, recurrence, plan);
          },
          [=](vk_context* context, const vk_plan* plan, const vk_recurrent_tensors* tensors,
              const vk_view* workspace) {
            return vk_lstm_gradient(context, plan, tensors, recurrence, workspace);
          }};
}

}  // namespace

void lstmCase(Case& test) {
  RecurrentSetup setup(test, 4, true);
  setup.checkForward(forward(setup.recurrence));
}

void lstm_gradientCase(Case& test) {
  RecurrentSetup setup(test, 4, true);
  setup.checkGradient(forward(setup.recurrence), gradient(setup.recurrence));
}

}  // namespace vk::cases
