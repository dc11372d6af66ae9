#include "registry/operations.h"
#include "softmax/softmax.h"

namespace vk {
namespace {

constexpr const char* kForward = "softmax";
constexpr const char* kGradient = "softmax_gradient";

SoftmaxArgs ofInput(const char* operation, const char* name, const vk_view* input,
                    const vk_softmax_params* params) {
  if (params == nullptr || params->struct_size != sizeof(vk_softmax_params)) {
    invalidArgument("%s: the parameters are missing or of another version", operation);
  }
  requireDenseFloat(operation, name, input);
  SoftmaxArgs args{};
  args.type = input->type;
  args.sizes = axisSizes(operation, *input, params->axis);
  args.logarithm = params->logarithm != 0;
  args.input = input->data;
  return args;
}

SoftmaxArgs checked(const vk_view* input, const vk_softmax_params* params, const vk_view* output) {
  SoftmaxArgs args = ofInput(kForward, "input", input, params);
  requireLike(kForward, "output", output, "input", *input);
  args.output = output->data;
  return args;
}

SoftmaxArgs checkedGradient(const vk_view* output, const vk_view* outputGradient,
                            const vk_softmax_params* params, const vk_view* inputGradient) {
  SoftmaxArgs args = ofInput(kGradient, "output", output, params);
  requireLike(kGradient, "output_gradient", outputGradient, "output", *output);
  requireLike(kGradient, "input_gradient", inputGradient, "output", *output);
  args.outputGradient = outputGradient->data;
  args.output = inputGradient->data;
  return args;
}

}  // namespace

Implementations<SoftmaxArgs> softmaxImplementations() {
  static const HostImplementations<SoftmaxArgs> table(softmaxCpuTable, f32Only<SoftmaxArgs>,
                                                      nullptr, softmaxReference);
  return table;
}

Implementations<SoftmaxArgs> softmax_gradientImplementations() {
  static const HostImplementations<SoftmaxArgs> table(softmaxGradientCpuTable, f32Only<SoftmaxArgs>,
                                                      nullptr, softmaxGradientReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_softmax_plan(vk_context* context, const vk_view* input,
                          const vk_softmax_params* params, const vk_view* output, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kForward, vk::softmaxImplementations(),
               vk::checked(input, params, output), plan);
  });
}

vk_status vk_softmax(vk_context* context, const vk_plan* plan, const vk_view* input,
                     const vk_softmax_params* params, const vk_view* workspace,
                     const vk_view* output) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kForward, vk::softmaxImplementations(),
            vk::checked(input, params, output), plan, workspace);
  });
}

vk_status vk_softmax_gradient_plan(vk_context* context, const vk_view* output,
                                   const vk_view* output_gradient, const vk_softmax_params* params,
                                   const vk_view* input_gradient, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kGradient, vk::softmax_gradientImplementations(),
               vk::checkedGradient(output, output_gradient, params, input_gradient), plan);
  });
}

vk_status vk_softmax_gradient(vk_context* context, const vk_plan* plan, const vk_view* output,
                              const vk_view* output_gradient, const vk_softmax_params* params,
                              const vk_view* workspace, const vk_view* input_gradient) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kGradient, vk::softmax_gradientImplementations(),
            vk::checkedGradient(output, output_gradient, params, input_gradient), plan, workspace);
  });
}

}  // extern "C"
