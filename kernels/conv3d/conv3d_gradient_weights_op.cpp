#include "conv3d/conv3d_check.h"
#include "conv3d/conv3d_gradient_weights.h"
#include "conv3d/conv3d_tuning.h"
#include "conv3d/conv3d_winograd_weights.h"
#include "core/threads.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kName = "conv3d_gradient_weights";

Conv3dGradientWeightsArgs gradientWeightsChecked(const Context& context, const vk_view* upstream,
                                                 const vk_view* input,
                                                 const vk_conv3d_params* params,
                                                 const vk_view* gradient,
                                                 const vk_view* gradientBias) {
  Conv3dGradientWeightsArgs args{
      conv3dOfTensors({kName, "input", "upstream"}, input, params, upstream), upstream->data,
      nullptr, nullptr};
  requireDense(kName, "gradient", gradient, input->type);
  requireRank(kName, "gradient", *gradient, 5);
  const int64_t sizes[] = {upstream->sizes[1], args.inChannels, args.kernel[0], args.kernel[1],
                           args.kernel[2]};
  for (int axis = 0; axis < 5; ++axis) {
    if (gradient->sizes[axis] != sizes[axis]) {
      invalidArgument(
          "%s: gradient is %s, expected (%lld, %lld, %lld, %lld, %lld) as input is %s and upstream "
          "%s",
          kName, describe(*gradient).c_str(), shown(sizes[0]), shown(sizes[1]), shown(sizes[2]),
          shown(sizes[3]), shown(sizes[4]), describe(*input).c_str(), describe(*upstream).c_str());
    }
  }
  if (present(gradientBias)) {
    requireDense(kName, "gradient_bias", gradientBias, input->type);
    requireRank(kName, "gradient_bias", *gradientBias, 1);
    if (gradientBias->sizes[0] != upstream->sizes[1]) {
      invalidArgument("%s: gradient_bias is %s, expected %lld values as upstream is %s", kName,
                      describe(*gradientBias).c_str(), shown(upstream->sizes[1]),
                      describe(*upstream).c_str());
    }
  }
  args.gradient = gradient->data;
  args.gradientBias = dataOf<void>(gradientBias);
  args.threads = context.arena->threads();
  args.device = context.deviceIndex;
  return args;
}

Refusal takesF32(const Conv3dGradientWeightsArgs& args) {
  return args.type == VK_F32 ? Refusal() : "takes f32 only";
}

}  // namespace

Implementations<Conv3dGradientWeightsArgs> conv3d_gradient_weightsImplementations() {
  using Host = HostImplementations<Conv3dGradientWeightsArgs>;
  static const ImplementationList<Conv3dGradientWeightsArgs> table = [] {
    ImplementationList<Conv3dGradientWeightsArgs> rows;
    for (int64_t form = 0; form < kWinogradWeightsForms; ++form) {
      const WinogradWeightsImplementation& winograd = winogradWeightsImplementations()[form];
      rows.add(Host(*winograd.run, winograd.accepts, winograd.workspaceBytes,
                    conv3dGradientWeightsReference),
               winograd.names);
    }
    rows.addLast(Host(conv3dGradientWeightsCpuTable, takesF32, conv3dGradientWeightsWorkspaceBytes,
                      conv3dGradientWeightsReference));
    return rows;
  }();
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_conv3d_gradient_weights_plan(vk_context* context, const vk_view* upstream,
                                          const vk_view* input, const vk_conv3d_params* params,
                                          const vk_view* gradient, const vk_view* gradient_bias,
                                          vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::chooseTuned(
        *context, vk::conv3dTuning(params), vk::kName, vk::conv3d_gradient_weightsImplementations(),
        vk::gradientWeightsChecked(*context, upstream, input, params, gradient, gradient_bias),
        plan);
  });
}

vk_status vk_conv3d_gradient_weights(vk_context* context, const vk_plan* plan,
                                     const vk_view* upstream, const vk_view* input,
                                     const vk_conv3d_params* params, const vk_view* workspace,
                                     const vk_view* gradient, const vk_view* gradient_bias) {
  return vk::guarded(context, [&] {
    vk::Conv3dGradientWeightsArgs args =
        vk::gradientWeightsChecked(*context, upstream, input, params, gradient, gradient_bias);
    args.anyCost = true;
    vk::run(*context, vk::kName, vk::conv3d_gradient_weightsImplementations(), args, plan,
            workspace);
  });
}

}  // extern "C"
