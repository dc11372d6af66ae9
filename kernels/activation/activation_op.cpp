#include <cmath>

#include "activation/activation.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kForward = "activation_forward";
constexpr const char* kGradient = "activation_gradient";
constexpr const char* kPrelu = "activation_prelu";
constexpr const char* kPreluGradient = "activation_prelu_gradient";

void setFormula(const char* name, const vk_activation_params* params, ActivationArgs& args) {
  if (params == nullptr || params->struct_size != sizeof(vk_activation_params)) {
    invalidArgument("%s: the parameters are missing or of another version", name);
  }
  args.kind = params->kind;
  args.alpha = params->alpha;
  args.beta = params->beta;
  if (args.kind < VK_ACTIVATION_NONE || args.kind > VK_ACTIVATION_SOFTSIGN) {
    invalidArgument("%s: unknown activation %d", name, static_cast<int>(args.kind));
  }
  if (args.kind == VK_ACTIVATION_CLIP) {
    if (!(args.alpha <= args.beta)) {
      invalidArgument("%s: clip's bounds are %g and %g, expected them in order", name, args.alpha,
                      args.beta);
    }
    return;
  }
  if (!std::isfinite(args.alpha) || !std::isfinite(args.beta)) {
    invalidArgument("%s: alpha is %g and beta %g, expected finite numbers", name, args.alpha,
                    args.beta);
  }
  if ((args.kind == VK_ACTIVATION_CELU || args.kind == VK_ACTIVATION_SOFTPLUS) &&
      !(args.alpha > 0)) {
    invalidArgument("%s: alpha is %g, expected a number above 0", name, args.alpha);
  }
}

ActivationArgs checked(const vk_view* input, const vk_activation_params* params,
                       const vk_view* output) {
  ActivationArgs args{};
  setFormula(kForward, params, args);
  requireDenseFloat(kForward, "input", input);
  requireLike(kForward, "output", output, "input", *input);
  args.type = input->type;
  args.count = elementCount(*input);
  args.input = input->data;
  args.output = output->data;
  return args;
}

ActivationArgs checkedGradient(const vk_view* input, const vk_view* outputGradient,
                               const vk_activation_params* params, const vk_view* inputGradient) {
  ActivationArgs args{};
  setFormula(kGradient, params, args);
  requireDenseFloat(kGradient, "input", input);
  requireLike(kGradient, "output_gradient", outputGradient, "input", *input);
  requireLike(kGradient, "input_gradient", inputGradient, "input", *input);
  args.type = input->type;
  args.count = elementCount(*input);
  args.input = input->data;
  args.outputGradient = outputGradient->data;
  args.output = inputGradient->data;
  return args;
}

PreluArgs ofInput(const char* name, const vk_view* input, const vk_view* slope) {
  requireDenseFloat(name, "input", input);
  if (input->rank < 2) {
    invalidArgument("%s: input is %s, expected a batch and channels first", name,
                    describe(*input).c_str());
  }
  requireDense(name, "slope", slope, input->type);
  requireRank(name, "slope", *slope, 1);
  PreluArgs args{};
  args.type = input->type;
  args.batch = input->sizes[0];
  args.channels = input->sizes[1];
  args.length = 1;
  for (int32_t axis = 2; axis < input->rank; ++axis) args.length *= input->sizes[axis];
  args.slopes = slope->sizes[0];
  if (args.slopes != 1 && args.slopes != args.channels) {
    invalidArgument("%s: slope is %s, expected one value or one a channel of input, %s", name,
                    describe(*slope).c_str(), describe(*input).c_str());
  }
  args.input = input->data;
  args.slope = slope->data;
  return args;
}

PreluArgs checkedPrelu(const vk_view* input, const vk_view* slope, const vk_view* output) {
  PreluArgs args = ofInput(kPrelu, input, slope);
  requireLike(kPrelu, "output", output, "input", *input);
  args.output = output->data;
  return args;
}

PreluArgs checkedPreluGradient(const vk_view* input, const vk_view* slope,
                               const vk_view* outputGradient, const vk_view* inputGradient,
                               const vk_view* slopeGradient) {
  PreluArgs args = ofInput(kPreluGradient, input, slope);
  requireLike(kPreluGradient, "output_gradient", outputGradient, "input", *input);
  args.outputGradient = outputGradient->data;
  if (present(inputGradient)) {
    requireLike(kPreluGradient, "input_gradient", inputGradient, "input", *input);
    args.output = inputGradient->data;
  }
  if (present(slopeGradient)) {
    requireLike(kPreluGradient, "slope_gradient", slopeGradient, "slope", *slope);
    args.slopeGradient = slopeGradient->data;
  }
  return args;
}

}  // namespace

Implementations<ActivationArgs> activation_forwardImplementations() {
  static const HostImplementations<ActivationArgs> table(
      activationForwardCpuTable, f32Only<ActivationArgs>, nullptr, activationForwardReference);
  return table;
}

Implementations<ActivationArgs> activation_gradientImplementations() {
  static const HostImplementations<ActivationArgs> table(
      activationGradientCpuTable, f32Only<ActivationArgs>, nullptr, activationGradientReference);
  return table;
}

Implementations<PreluArgs> activation_preluImplementations() {
  static const HostImplementations<PreluArgs> table(preluCpuTable, f32Only<PreluArgs>, nullptr,
                                                    preluReference);
  return table;
}

Implementations<PreluArgs> activation_prelu_gradientImplementations() {
  static const HostImplementations<PreluArgs> table(preluGradientCpuTable, f32Only<PreluArgs>,
                                                    preluGradientCpuWorkspaceBytes,
                                                    preluGradientReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_activation_forward_plan(vk_context* context, const vk_view* input,
                                     const vk_activation_params* params, const vk_view* output,
                                     vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kForward, vk::activation_forwardImplementations(),
               vk::checked(input, params, output), plan);
  });
}

vk_status vk_activation_forward(vk_context* context, const vk_plan* plan, const vk_view* input,
                                const vk_activation_params* params, const vk_view* workspace,
                                const vk_view* output) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kForward, vk::activation_forwardImplementations(),
            vk::checked(input, params, output), plan, workspace);
  });
}

vk_status vk_activation_gradient_plan(vk_context* context, const vk_view* input,
                                      const vk_view* output_gradient,
                                      const vk_activation_params* params,
                                      const vk_view* input_gradient, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kGradient, vk::activation_gradientImplementations(),
               vk::checkedGradient(input, output_gradient, params, input_gradient), plan);
  });
}

vk_status vk_activation_gradient(vk_context* context, const vk_plan* plan, const vk_view* input,
                                 const vk_view* output_gradient, const vk_activation_params* params,
                                 const vk_view* workspace, const vk_view* input_gradient) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kGradient, vk::activation_gradientImplementations(),
            vk::checkedGradient(input, output_gradient, params, input_gradient), plan, workspace);
  });
}

vk_status vk_activation_prelu_plan(vk_context* context, const vk_view* input, const vk_view* slope,
                                   const vk_view* output, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kPrelu, vk::activation_preluImplementations(),
               vk::checkedPrelu(input, slope, output), plan);
  });
}

vk_status vk_activation_prelu(vk_context* context, const vk_plan* plan, const vk_view* input,
                              const vk_view* slope, const vk_view* workspace,
                              const vk_view* output) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kPrelu, vk::activation_preluImplementations(),
            vk::checkedPrelu(input, slope, output), plan, workspace);
  });
}

vk_status vk_activation_prelu_gradient_plan(vk_context* context, const vk_view* input,
                                            const vk_view* slope, const vk_view* output_gradient,
                                            const vk_view* input_gradient,
                                            const vk_view* slope_gradient, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(
        *context, vk::kPreluGradient, vk::activation_prelu_gradientImplementations(),
        vk::checkedPreluGradient(input, slope, output_gradient, input_gradient, slope_gradient),
        plan);
  });
}

vk_status vk_activation_prelu_gradient(vk_context* context, const vk_plan* plan,
                                       const vk_view* input, const vk_view* slope,
                                       const vk_view* output_gradient, const vk_view* workspace,
                                       const vk_view* input_gradient,
                                       const vk_view* slope_gradient) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kPreluGradient, vk::activation_prelu_gradientImplementations(),
            vk::checkedPreluGradient(input, slope, output_gradient, input_gradient, slope_gradient),
            plan, workspace);
  });
}

}  // extern "C"
