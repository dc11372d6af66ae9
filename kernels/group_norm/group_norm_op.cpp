#include "group_norm/group_norm.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kForward = "group_norm";
constexpr const char* kGradient = "group_norm_gradient";

GroupNormArgs ofInput(const char* name, const vk_view* input, const vk_view* scale,
                      const vk_view* shift, const vk_group_norm_params* params) {
  if (params == nullptr || params->struct_size != sizeof(vk_group_norm_params)) {
    invalidArgument("%s: the parameters are missing or of another version", name);
  }
  GroupNormArgs args{channelNormArgs(name, input, scale, shift, params->activation,
                                     params->negative_slope, params->epsilon)};
  if (params->groups < 1 || args.channels % params->groups != 0) {
    invalidArgument("%s: %lld groups do not divide the channels of input, %s", name,
                    static_cast<long long>(params->groups), describe(*input).c_str());
  }
  args.segments = args.batch * params->groups;
  args.rows = args.channels / params->groups;
  args.segmentStep = args.rows;
  args.rowStep = 1;
  return args;
}

GroupNormArgs checked(const vk_view* input, const vk_view* scale, const vk_view* shift,
                      const vk_group_norm_params* params, const vk_view* output,
                      const vk_view* mean, const vk_view* inverseDeviation) {
  GroupNormArgs args = ofInput(kForward, input, scale, shift, params);
  requireLike(kForward, "output", output, "input", *input);
  args.output = output->data;
  if (present(mean)) {
    requireStatistics(kForward, "mean", mean, 2, args);
    args.savedMean = mean->data;
  }
  if (present(inverseDeviation)) {
    requireStatistics(kForward, "inverse_deviation", inverseDeviation, 2, args);
    args.savedInverse = inverseDeviation->data;
  }
  return args;
}

GroupNormArgs checkedGradient(const vk_view* input, const vk_view* scale, const vk_view* shift,
                              const vk_view* mean, const vk_view* inverseDeviation,
                              const vk_view* outputGradient, const vk_group_norm_params* params,
                              const vk_view* inputGradient, const vk_view* scaleGradient,
                              const vk_view* shiftGradient) {
  GroupNormArgs args = ofInput(kGradient, input, scale, shift, params);
  setGradient(kGradient, args, input, mean, inverseDeviation, 2, outputGradient, inputGradient,
              scaleGradient, shiftGradient);
  return args;
}

int64_t workspaceBytes(const GroupNormArgs& args) { return channelNormWorkspaceBytes(args); }
int64_t gradientWorkspaceBytes(const GroupNormArgs& args) {
  return channelNormGradientWorkspaceBytes(args);
}

}  // namespace

Implementations<GroupNormArgs> group_normImplementations() {
  static const HostImplementations<GroupNormArgs> table(groupNormCpuTable, f32Only<GroupNormArgs>,
                                                        workspaceBytes, groupNormReference);
  return table;
}

Implementations<GroupNormArgs> group_norm_gradientImplementations() {
  static const HostImplementations<GroupNormArgs> table(
      groupNormGradientCpuTable, f32Only<GroupNormArgs>, gradientWorkspaceBytes,
      groupNormGradientReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_group_norm_plan(vk_context* context, const vk_view* input, const vk_view* scale,
                             const vk_view* shift, const vk_group_norm_params* params,
                             const vk_view* output, const vk_view* mean,
                             const vk_view* inverse_deviation, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kForward, vk::group_normImplementations(),
               vk::checked(input, scale, shift, params, output, mean, inverse_deviation), plan);
  });
}

vk_status vk_group_norm(vk_context* context, const vk_plan* plan, const vk_view* input,
                        const vk_view* scale, const vk_view* shift,
                        const vk_group_norm_params* params, const vk_view* workspace,
                        const vk_view* output, const vk_view* mean,
                        const vk_view* inverse_deviation) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kForward, vk::group_normImplementations(),
            vk::checked(input, scale, shift, params, output, mean, inverse_deviation), plan,
            workspace);
  });
}

vk_status vk_group_norm_gradient_plan(vk_context* context, const vk_view* input,
                                      const vk_view* scale, const vk_view* shift,
                                      const vk_view* mean, const vk_view* inverse_deviation,
                                      const vk_view* output_gradient,
                                      const vk_group_norm_params* params,
                                      const vk_view* input_gradient, const vk_view* scale_gradient,
                                      const vk_view* shift_gradient, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kGradient, vk::group_norm_gradientImplementations(),
               vk::checkedGradient(input, scale, shift, mean, inverse_deviation, output_gradient,
                                   params, input_gradient, scale_gradient, shift_gradient),
               plan);
  });
}

vk_status vk_group_norm_gradient(vk_context* context, const vk_plan* plan, const vk_view* input,
                                 const vk_view* scale, const vk_view* shift, const vk_view* mean,
                                 const vk_view* inverse_deviation, const vk_view* output_gradient,
                                 const vk_group_norm_params* params, const vk_view* workspace,
                                 const vk_view* input_gradient, const vk_view* scale_gradient,
                                 const vk_view* shift_gradient) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kGradient, vk::group_norm_gradientImplementations(),
            vk::checkedGradient(input, scale, shift, mean, inverse_deviation, output_gradient,
                                params, input_gradient, scale_gradient, shift_gradient),
            plan, workspace);
  });
}

}  // extern "C"
