#include <cmath>

#include "lp_normalize/lp_normalize.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kForward = "lp_normalize";
constexpr const char* kGradient = "lp_normalize_gradient";

LpNormalizeArgs ofInput(const char* operation, const vk_view* input,
                        const vk_lp_normalize_params* params) {
  if (params == nullptr || params->struct_size != sizeof(vk_lp_normalize_params)) {
    invalidArgument("%s: the parameters are missing or of another version", operation);
  }
  requireDenseFloat(operation, "input", input);
  LpNormalizeArgs args{};
  args.type = input->type;
  args.sizes = axisSizes(operation, *input, params->axis);
  if (params->p != 1 && params->p != 2) {
    invalidArgument("%s: p is %d, expected 1 or 2", operation, params->p);
  }
  if (!(params->epsilon >= 0) || !std::isfinite(params->epsilon)) {
    invalidArgument("%s: epsilon is %g, expected 0 or more", operation, params->epsilon);
  }
  args.p = params->p;
  args.epsilon = params->epsilon;
  args.input = input->data;
  return args;
}

LpNormalizeArgs checked(const vk_view* input, const vk_lp_normalize_params* params,
                        const vk_view* output) {
  LpNormalizeArgs args = ofInput(kForward, input, params);
  requireLike(kForward, "output", output, "input", *input);
  args.output = output->data;
  return args;
}

LpNormalizeArgs checkedGradient(const vk_view* input, const vk_view* outputGradient,
                                const vk_lp_normalize_params* params,
                                const vk_view* inputGradient) {
  LpNormalizeArgs args = ofInput(kGradient, input, params);
  requireLike(kGradient, "output_gradient", outputGradient, "input", *input);
  requireLike(kGradient, "input_gradient", inputGradient, "input", *input);
  args.outputGradient = outputGradient->data;
  args.output = inputGradient->data;
  return args;
}

}  // namespace

Implementations<LpNormalizeArgs> lp_normalizeImplementations() {
  static const HostImplementations<LpNormalizeArgs> table(
      lpNormalizeCpuTable, f32Only<LpNormalizeArgs>, nullptr, lpNormalizeReference);
  return table;
}

Implementations<LpNormalizeArgs> lp_normalize_gradientImplementations() {
  static const HostImplementations<LpNormalizeArgs> table(
      lpNormalizeCpuTable, f32Only<LpNormalizeArgs>, nullptr, lpNormalizeReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_lp_normalize_plan(vk_context* context, const vk_view* input,
                               const vk_lp_normalize_params* params, const vk_view* output,
                               vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kForward, vk::lp_normalizeImplementations(),
               vk::checked(input, params, output), plan);
  });
}

vk_status vk_lp_normalize(vk_context* context, const vk_plan* plan, const vk_view* input,
                          const vk_lp_normalize_params* params, const vk_view* workspace,
                          const vk_view* output) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kForward, vk::lp_normalizeImplementations(),
            vk::checked(input, params, output), plan, workspace);
  });
}

vk_status vk_lp_normalize_gradient_plan(vk_context* context, const vk_view* input,
                                        const vk_view* output_gradient,
                                        const vk_lp_normalize_params* params,
                                        const vk_view* input_gradient, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kGradient, vk::lp_normalize_gradientImplementations(),
               vk::checkedGradient(input, output_gradient, params, input_gradient), plan);
  });
}

vk_status vk_lp_normalize_gradient(vk_context* context, const vk_plan* plan, const vk_view* input,
                                   const vk_view* output_gradient,
                                   const vk_lp_normalize_params* params, const vk_view* workspace,
                                   const vk_view* input_gradient) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kGradient, vk::lp_normalize_gradientImplementations(),
            vk::checkedGradient(input, output_gradient, params, input_gradient), plan, workspace);
  });
}

}  // extern "C"
