#include <cmath>

#include "registry/plain_rows.h"
#include "registry/operations.h"
#include "unary/unary.h"

namespace vk {
namespace {

constexpr const char* kForward = "unary";
constexpr const char* kGradient = "unary_gradient";

bool writesBool(vk_unary_function function) {
  return function == VK_UNARY_NOT || function == VK_UNARY_IS_NAN || function == VK_UNARY_IS_INF;
}

const vk_unary_params& checkedParams(const char* operation, const vk_unary_params* params) {
  if (params == nullptr || params->struct_size != sizeof(vk_unary_params)) {
    invalidArgument("%s: the parameters are missing or of another version", operation);
  }
  if (params->function < VK_UNARY_NEGATE || params->function > VK_UNARY_IS_INF) {
    invalidArgument("%s: unknown function %d", operation, static_cast<int>(params->function));
  }
  if (params->function == VK_UNARY_CLIP && !(params->low <= params->high)) {
    invalidArgument("%s: clip into [%g, %g]", operation, params->low, params->high);
  }
  return *params;
}

UnaryArgs checked(const vk_view* input, const vk_unary_params* given, const vk_view* output) {
  const vk_unary_params& params = checkedParams(kForward, given);
  requireDenseAny(kForward, "input", input);
  requireDense(kForward, "output", output, writesBool(params.function) ? VK_BOOL : input->type);
  requireSameSizes(kForward, "input", *input, "output", *output);
  return {params.function, input->type, elementCount(*input), params.low,
          params.high,     input->data, output->data};
}

UnaryGradientArgs checkedGradient(const vk_view* input, const vk_view* outputGradient,
                                  const vk_unary_params* given, const vk_view* inputGradient) {
  const vk_unary_params& params = checkedParams(kGradient, given);
  if (writesBool(params.function)) {
    invalidArgument("%s: the function %d gives bool, which has no gradient", kGradient,
                    static_cast<int>(params.function));
  }
  requireDenseFloat(kGradient, "input", input);
  requireDense(kGradient, "output gradient", outputGradient, input->type);
  requireDense(kGradient, "input gradient", inputGradient, input->type);
  requireSameSizes(kGradient, "input", *input, "output gradient", *outputGradient);
  requireSameSizes(kGradient, "input", *input, "input gradient", *inputGradient);
  return {params.function, input->type, elementCount(*input), params.low,
          params.high,     input->data, outputGradient->data, inputGradient->data};
}

Refusal cpuAccepts(const UnaryArgs& args) {
  if (args.type != VK_F32) return "takes f32 only";
  return args.function != VK_UNARY_NOT ? "" : "negates bool only";
}

Refusal plainAccepts(const UnaryArgs& args) {
  if (args.function == VK_UNARY_NOT) return args.type == VK_BOOL ? "" : "negates bool only";
  if (args.type == VK_F64) return {};
  if (args.type != VK_I32 && args.type != VK_I64) return "takes i32, i64 and f64 only";
  const bool known = args.function <= VK_UNARY_SIGN || args.function == VK_UNARY_CLIP;
  return known ? "" : "has negate, absolute, sign and clip of integers only";
}

Refusal referenceAccepts(const UnaryArgs& args) {
  return args.type == VK_F32 ? cpuAccepts(args) : plainAccepts(args);
}

Refusal cpuAcceptsGradient(const UnaryGradientArgs& args) {
  return args.type == VK_F32 ? "" : "takes f32 only";
}

}  // namespace

Implementations<UnaryArgs> unaryImplementations() {
  static const HostAndPlainImplementations<UnaryArgs> table(unaryCpuTable, cpuAccepts, nullptr,
                                                            unaryPlain, plainAccepts,
                                                            unaryReference, referenceAccepts);
  return table;
}

Implementations<UnaryGradientArgs> unary_gradientImplementations() {
  static const HostImplementations<UnaryGradientArgs> table(
      unaryGradientCpuTable, cpuAcceptsGradient, nullptr, unaryGradientReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_unary_plan(vk_context* context, const vk_view* input, const vk_unary_params* params,
                        const vk_view* output, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kForward, vk::unaryImplementations(),
               vk::checked(input, params, output), plan);
  });
}

vk_status vk_unary(vk_context* context, const vk_plan* plan, const vk_view* input,
                   const vk_unary_params* params, const vk_view* workspace, const vk_view* output) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kForward, vk::unaryImplementations(), vk::checked(input, params, output),
            plan, workspace);
  });
}

vk_status vk_unary_gradient_plan(vk_context* context, const vk_view* input,
                                 const vk_view* output_gradient, const vk_unary_params* params,
                                 const vk_view* input_gradient, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kGradient, vk::unary_gradientImplementations(),
               vk::checkedGradient(input, output_gradient, params, input_gradient), plan);
  });
}

vk_status vk_unary_gradient(vk_context* context, const vk_plan* plan, const vk_view* input,
                            const vk_view* output_gradient, const vk_unary_params* params,
                            const vk_view* workspace, const vk_view* input_gradient) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kGradient, vk::unary_gradientImplementations(),
            vk::checkedGradient(input, output_gradient, params, input_gradient), plan, workspace);
  });
}

}  // extern "C"
