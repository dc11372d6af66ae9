#include <cmath>

#include "local_response_norm/local_response_norm.h"
#include "core/threads.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kForward = "local_response_norm";
constexpr const char* kGradient = "local_response_norm_gradient";

LocalResponseNormArgs ofInput(const char* operation, const Context& context, const vk_view* input,
                              const vk_local_response_norm_params* params) {
  if (params == nullptr || params->struct_size != sizeof(vk_local_response_norm_params)) {
    invalidArgument("%s: the parameters are missing or of another version", operation);
  }
  requireDenseFloat(operation, "input", input);
  if (input->rank < 2) {
    invalidArgument("%s: input is %s, expected a batch and channels first", operation,
                    describe(*input).c_str());
  }
  // So much wider than any number of channels that sums of positions do not overflow.
  constexpr int64_t kMost = int64_t{1} << 40;
  if (params->size < 1 || params->size > kMost || params->before < 0 ||
      params->before >= params->size) {
    invalidArgument("%s: a window of %lld channels with %lld before its own, expected fewer before",
                    operation, static_cast<long long>(params->size),
                    static_cast<long long>(params->before));
  }
  if (!(params->alpha >= 0) || !std::isfinite(params->alpha) || !std::isfinite(params->beta) ||
      !(params->bias >= 1e-30) || !std::isfinite(params->bias)) {
    invalidArgument("%s: alpha is %g, beta %g, bias %g; expected alpha 0 or more, bias above 0",
                    operation, params->alpha, params->beta, params->bias);
  }
  LocalResponseNormArgs args{};
  args.type = input->type;
  args.batch = input->sizes[0];
  args.channels = input->sizes[1];
  args.length = 1;
  for (int32_t axis = 2; axis < input->rank; ++axis) args.length *= input->sizes[axis];
  args.before = params->before;
  args.after = params->size - 1 - params->before;
  args.alpha = params->alpha;
  args.beta = params->beta;
  args.bias = params->bias;
  args.input = input->data;
  args.threads = context.arena->threads();
  return args;
}

LocalResponseNormArgs checked(const Context& context, const vk_view* input,
                              const vk_local_response_norm_params* params, const vk_view* output) {
  LocalResponseNormArgs args = ofInput(kForward, context, input, params);
  requireLike(kForward, "output", output, "input", *input);
  if (output->data == input->data && elementCount(*input) > 0) {
    invalidArgument("%s: output is the input, whose channels are read again", kForward);
  }
  args.output = output->data;
  return args;
}

LocalResponseNormArgs checkedGradient(const Context& context, const vk_view* input,
                                      const vk_view* outputGradient,
                                      const vk_local_response_norm_params* params,
                                      const vk_view* inputGradient) {
  LocalResponseNormArgs args = ofInput(kGradient, context, input, params);
  requireLike(kGradient, "output_gradient", outputGradient, "input", *input);
  requireLike(kGradient, "input_gradient", inputGradient, "input", *input);
  args.outputGradient = outputGradient->data;
  args.output = inputGradient->data;
  return args;
}

}  // namespace

Implementations<LocalResponseNormArgs> local_response_normImplementations() {
  static const HostImplementations<LocalResponseNormArgs> table(
      localResponseNormCpuTable, f32Only<LocalResponseNormArgs>, nullptr,
      localResponseNormReference);
  return table;
}

Implementations<LocalResponseNormArgs> local_response_norm_gradientImplementations() {
  static const HostImplementations<LocalResponseNormArgs> table(
      localResponseNormGradientCpuTable, f32Only<LocalResponseNormArgs>,
      localResponseNormGradientCpuWorkspaceBytes, localResponseNormGradientReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_local_response_norm_plan(vk_context* context, const vk_view* input,
                                      const vk_local_response_norm_params* params,
                                      const vk_view* output, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kForward, vk::local_response_normImplementations(),
               vk::checked(*context, input, params, output), plan);
  });
}

vk_status vk_local_response_norm(vk_context* context, const vk_plan* plan, const vk_view* input,
                                 const vk_local_response_norm_params* params,
                                 const vk_view* workspace, const vk_view* output) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kForward, vk::local_response_normImplementations(),
            vk::checked(*context, input, params, output), plan, workspace);
  });
}

vk_status vk_local_response_norm_gradient_plan(vk_context* context, const vk_view* input,
                                               const vk_view* output_gradient,
                                               const vk_local_response_norm_params* params,
                                               const vk_view* input_gradient, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kGradient, vk::local_response_norm_gradientImplementations(),
               vk::checkedGradient(*context, input, output_gradient, params, input_gradient), plan);
  });
}

vk_status vk_local_response_norm_gradient(vk_context* context, const vk_plan* plan,
                                          const vk_view* input, const vk_view* output_gradient,
                                          const vk_local_response_norm_params* params,
                                          const vk_view* workspace, const vk_view* input_gradient) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kGradient, vk::local_response_norm_gradientImplementations(),
            vk::checkedGradient(*context, input, output_gradient, params, input_gradient), plan,
            workspace);
  });
}

}  // extern "C"
