#include "batch_norm/batch_norm.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kForward = "batch_norm";
constexpr const char* kGradient = "batch_norm_gradient";

BatchNormArgs ofInput(const char* name, const vk_view* input, const vk_view* scale,
                      const vk_view* shift, const vk_batch_norm_params* params) {
  if (params == nullptr || params->struct_size != sizeof(vk_batch_norm_params)) {
    invalidArgument("%s: the parameters are missing or of another version", name);
  }
  BatchNormArgs args{channelNormArgs(name, input, scale, shift, params->activation,
                                     params->negative_slope, params->epsilon)};
  if (!(params->momentum >= 0 && params->momentum <= 1)) {
    invalidArgument("%s: momentum is %g, expected 0 to 1", name, params->momentum);
  }
  args.momentum = params->momentum;
  args.given = params->training == 0;
  args.segments = args.channels;
  args.rows = args.batch;
  args.segmentStep = 1;
  args.rowStep = args.channels;
  return args;
}

BatchNormArgs checked(const vk_view* input, const vk_view* scale, const vk_view* shift,
                      const vk_view* runningMean, const vk_view* runningVariance,
                      const vk_batch_norm_params* params, const vk_view* output,
                      const vk_view* mean, const vk_view* inverseDeviation) {
  BatchNormArgs args = ofInput(kForward, input, scale, shift, params);
  requireLike(kForward, "output", output, "input", *input);
  args.output = output->data;
  if (args.given || present(runningMean) || present(runningVariance)) {
    requireStatistics(kForward, "running_mean", runningMean, 1, args);
    requireStatistics(kForward, "running_variance", runningVariance, 1, args);
    args.runningMean = runningMean->data;
    args.runningVariance = runningVariance->data;
  }
  if (present(mean)) {
    requireStatistics(kForward, "mean", mean, 1, args);
    args.savedMean = mean->data;
  }
  if (present(inverseDeviation)) {
    requireStatistics(kForward, "inverse_deviation", inverseDeviation, 1, args);
    args.savedInverse = inverseDeviation->data;
  }
  return args;
}

BatchNormArgs checkedGradient(const vk_view* input, const vk_view* scale, const vk_view* shift,
                              const vk_view* mean, const vk_view* inverseDeviation,
                              const vk_view* outputGradient, const vk_batch_norm_params* params,
                              const vk_view* inputGradient, const vk_view* scaleGradient,
                              const vk_view* shiftGradient) {
  BatchNormArgs args = ofInput(kGradient, input, scale, shift, params);
  setGradient(kGradient, args, input, mean, inverseDeviation, 1, outputGradient, inputGradient,
              scaleGradient, shiftGradient);
  return args;
}

int64_t workspaceBytes(const BatchNormArgs& args) { return channelNormWorkspaceBytes(args); }
int64_t gradientWorkspaceBytes(const BatchNormArgs& args) {
  return channelNormGradientWorkspaceBytes(args);
}

}  // namespace

Implementations<BatchNormArgs> batch_normImplementations() {
  static const HostImplementations<BatchNormArgs> table(batchNormCpuTable, f32Only<BatchNormArgs>,
                                                        workspaceBytes, batchNormReference);
  return table;
}

Implementations<BatchNormArgs> batch_norm_gradientImplementations() {
  static const HostImplementations<BatchNormArgs> table(
      batchNormGradientCpuTable, f32Only<BatchNormArgs>, gradientWorkspaceBytes,
      batchNormGradientReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_batch_norm_plan(vk_context* context, const vk_view* input, const vk_view* scale,
                             const vk_view* shift, const vk_view* running_mean,
                             const vk_view* running_variance, const vk_batch_norm_params* params,
                             const vk_view* output, const vk_view* mean,
                             const vk_view* inverse_deviation, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kForward, vk::batch_normImplementations(),
               vk::checked(input, scale, shift, running_mean, running_variance, params, output,
                           mean, inverse_deviation),
               plan);
  });
}

vk_status vk_batch_norm(vk_context* context, const vk_plan* plan, const vk_view* input,
                        const vk_view* scale, const vk_view* shift, const vk_view* running_mean,
                        const vk_view* running_variance, const vk_batch_norm_params* params,
                        const vk_view* workspace, const vk_view* output, const vk_view* mean,
                        const vk_view* inverse_deviation) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kForward, vk::batch_normImplementations(),
            vk::checked(input, scale, shift, running_mean, running_variance, params, output, mean,
                        inverse_deviation),
            plan, workspace);
  });
}

vk_status vk_batch_norm_gradient_plan(vk_context* context, const vk_view* input,
                                      const vk_view* scale, const vk_view* shift,
                                      const vk_view* mean, const vk_view* inverse_deviation,
                                      const vk_view* output_gradient,
                                      const vk_batch_norm_params* params,
                                      const vk_view* input_gradient, const vk_view* scale_gradient,
                                      const vk_view* shift_gradient, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kGradient, vk::batch_norm_gradientImplementations(),
               vk::checkedGradient(input, scale, shift, mean, inverse_deviation, output_gradient,
                                   params, input_gradient, scale_gradient, shift_gradient),
               plan);
  });
}

vk_status vk_batch_norm_gradient(vk_context* context, const vk_plan* plan, const vk_view* input,
                                 const vk_view* scale, const vk_view* shift, const vk_view* mean,
                                 const vk_view* inverse_deviation, const vk_view* output_gradient,
                                 const vk_batch_norm_params* params, const vk_view* workspace,
                                 const vk_view* input_gradient, const vk_view* scale_gradient,
                                 const vk_view* shift_gradient) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kGradient, vk::batch_norm_gradientImplementations(),
            vk::checkedGradient(input, scale, shift, mean, inverse_deviation, output_gradient,
                                params, input_gradient, scale_gradient, shift_gradient),
            plan, workspace);
  });
}

}  // extern "C"
