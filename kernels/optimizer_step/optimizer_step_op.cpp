#include <cmath>

#include "optimizer_step/optimizer_step.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kSgd = "optimizer_step_sgd";
constexpr const char* kAdam = "optimizer_step_adam";

template <class Params>
void requireParams(const char* operation, const Params* params) {
  if (params == nullptr || params->struct_size != sizeof(Params)) {
    invalidArgument("%s: the parameters are missing or of another version", operation);
  }
  if (params->step < 1) {
    invalidArgument("%s: step is %lld, expected 1 or more", operation,
                    static_cast<long long>(params->step));
  }
}

void requireFinite(const char* operation, const char* name, double value) {
  if (!std::isfinite(value)) invalidArgument("%s: %s is %g", operation, name, value);
}

/** How slowly a mean changes. */
void requireBelowOne(const char* operation, const char* name, double value) {
  if (!(value >= 0 && value < 1)) {
    invalidArgument("%s: %s is %g, expected 0 to below 1", operation, name, value);
  }
}

OptimizerStepSgdArgs checked(const vk_view* gradient, const vk_optimizer_step_sgd_params* params,
                             const vk_view* parameter, const vk_view* velocity) {
  requireParams(kSgd, params);
  requireFinite(kSgd, "learning_rate", params->learning_rate);
  requireFinite(kSgd, "weight_decay", params->weight_decay);
  requireBelowOne(kSgd, "momentum", params->momentum);
  requireBelowOne(kSgd, "dampening", params->dampening);
  const bool hasVelocity = params->momentum != 0;
  if (params->nesterov != 0 && (!hasVelocity || params->dampening != 0)) {
    invalidArgument(
        "%s: nesterov with a momentum of %g and a dampening of %g, expected one and none", kSgd,
        params->momentum, params->dampening);
  }
  requireDenseFloat(kSgd, "parameter", parameter);
  requireLike(kSgd, "gradient", gradient, "parameter", *parameter);
  if (hasVelocity) requireLike(kSgd, "velocity", velocity, "parameter", *parameter);
  OptimizerStepSgdArgs args{};
  args.type = parameter->type;
  args.count = elementCount(*parameter);
  args.gradient = gradient->data;
  args.parameter = parameter->data;
  args.velocity = hasVelocity ? velocity->data : nullptr;
  args.nesterov = params->nesterov != 0;
  args.decay = params->weight_decay;
  args.momentum = params->momentum;
  args.share = params->step == 1 ? 1 : 1 - params->dampening;
  args.rate = params->learning_rate;
  return args;
}

OptimizerStepAdamArgs checked(const vk_view* gradient, const vk_optimizer_step_adam_params* params,
                              const vk_view* parameter, const vk_view* mean,
                              const vk_view* square) {
  requireParams(kAdam, params);
  requireFinite(kAdam, "learning_rate", params->learning_rate);
  requireFinite(kAdam, "weight_decay", params->weight_decay);
  requireBelowOne(kAdam, "beta1", params->beta1);
  requireBelowOne(kAdam, "beta2", params->beta2);
  if (!(params->epsilon > 0)) {
    invalidArgument("%s: epsilon is %g, expected more than 0", kAdam, params->epsilon);
  }
  requireDenseFloat(kAdam, "parameter", parameter);
  requireLike(kAdam, "gradient", gradient, "parameter", *parameter);
  requireLike(kAdam, "mean", mean, "parameter", *parameter);
  requireLike(kAdam, "square", square, "parameter", *parameter);
  OptimizerStepAdamArgs args{};
  args.type = parameter->type;
  args.count = elementCount(*parameter);
  args.gradient = gradient->data;
  args.parameter = parameter->data;
  args.mean = mean->data;
  args.square = square->data;
  const bool decoupled = params->decoupled != 0;
  const double step = static_cast<double>(params->step);
  args.decay = decoupled ? 0 : params->weight_decay;
  args.shrink = decoupled ? 1 - params->learning_rate * params->weight_decay : 1;
  args.beta1 = params->beta1;
  args.share1 = 1 - params->beta1;
  args.beta2 = params->beta2;
  args.share2 = 1 - params->beta2;
  args.unbias = 1 / std::sqrt(1 - std::pow(params->beta2, step));
  args.epsilon = params->epsilon;
  args.rate = params->learning_rate / (1 - std::pow(params->beta1, step));
  return args;
}

}  // namespace

Implementations<OptimizerStepSgdArgs> optimizer_step_sgdImplementations() {
  static const HostImplementations<OptimizerStepSgdArgs> table(
      optimizerStepSgdCpuTable, f32Only<OptimizerStepSgdArgs>, nullptr, optimizerStepSgdReference);
  return table;
}

Implementations<OptimizerStepAdamArgs> optimizer_step_adamImplementations() {
  static const HostImplementations<OptimizerStepAdamArgs> table(
      optimizerStepAdamCpuTable, f32Only<OptimizerStepAdamArgs>, nullptr,
      optimizerStepAdamReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_optimizer_step_sgd_plan(vk_context* context, const vk_view* gradient,
                                     const vk_optimizer_step_sgd_params* params,
                                     const vk_view* parameter, const vk_view* velocity,
                                     vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kSgd, vk::optimizer_step_sgdImplementations(),
               vk::checked(gradient, params, parameter, velocity), plan);
  });
}

vk_status vk_optimizer_step_sgd(vk_context* context, const vk_plan* plan, const vk_view* gradient,
                                const vk_optimizer_step_sgd_params* params,
                                const vk_view* workspace, const vk_view* parameter,
                                const vk_view* velocity) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kSgd, vk::optimizer_step_sgdImplementations(),
            vk::checked(gradient, params, parameter, velocity), plan, workspace);
  });
}

vk_status vk_optimizer_step_adam_plan(vk_context* context, const vk_view* gradient,
                                      const vk_optimizer_step_adam_params* params,
                                      const vk_view* parameter, const vk_view* mean,
                                      const vk_view* square, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kAdam, vk::optimizer_step_adamImplementations(),
               vk::checked(gradient, params, parameter, mean, square), plan);
  });
}

vk_status vk_optimizer_step_adam(vk_context* context, const vk_plan* plan, const vk_view* gradient,
                                 const vk_optimizer_step_adam_params* params,
                                 const vk_view* workspace, const vk_view* parameter,
                                 const vk_view* mean, const vk_view* square) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kAdam, vk::optimizer_step_adamImplementations(),
            vk::checked(gradient, params, parameter, mean, square), plan, workspace);
  });
}

}  // extern "C"
