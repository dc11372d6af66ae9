#include "conv3d/conv3d_check.h"
#include "conv3d/conv3d_gradient_input.h"
#include "conv3d/conv3d_tuning.h"
#include "core/threads.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kName = "conv3d_gradient_input";

/** The other way round than the convolution: reads `upstream`, writes `gradient`. */
Conv3dTransposedArgs gradientInputChecked(const Context& context, const vk_view* upstream,
                                          const vk_conv3d_params* params, const vk_view* gradient) {
  const Conv3dArgs forward =
      conv3dOfTensors({kName, "gradient", "upstream"}, gradient, params, upstream);
  Conv3dTransposedArgs args{forward};
  args.inChannels = forward.outChannels;
  args.outChannels = forward.inChannels;
  for (int axis = 0; axis < 3; ++axis) {
    args.inSize[axis] = forward.outSize[axis];
    args.outSize[axis] = forward.inSize[axis];
  }
  args.activation = VK_ACTIVATION_NONE;
  args.input = upstream->data;
  args.output = gradient->data;
  args.threads = context.arena->threads();
  args.device = context.deviceIndex;
  return args;
}

}  // namespace

Implementations<Conv3dTransposedArgs> conv3d_gradient_inputImplementations() {
  return conv3dTransposedRows();
}

}  // namespace vk

extern "C" {

vk_status vk_conv3d_gradient_input_plan(vk_context* context, const vk_view* upstream,
                                        const vk_conv3d_params* params, const vk_view* gradient,
                                        vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::chooseTuned(*context, vk::conv3dTuning(params), vk::kName, vk::conv3dTransposedRows(),
                    vk::gradientInputChecked(*context, upstream, params, gradient), plan);
  });
}

vk_status vk_conv3d_gradient_input_pack(vk_context* context, const vk_plan* plan,
                                        const vk_view* weights, const vk_conv3d_params* params,
                                        const vk_view* packed) {
  return vk::guarded(context, [&] {
    vk::conv3dPackTransposed(*context, vk::kName, plan, weights, params, packed);
  });
}

vk_status vk_conv3d_gradient_input(vk_context* context, const vk_plan* plan,
                                   const vk_view* upstream, const vk_view* packed,
                                   const vk_conv3d_params* params, const vk_view* workspace,
                                   const vk_view* gradient) {
  return vk::guarded(context, [&] {
    vk::Conv3dTransposedArgs args = vk::gradientInputChecked(*context, upstream, params, gradient);
    args.anyCost = true;
    args.packed = vk::conv3dPackedData(vk::kName, args, plan, packed);
    vk::run(*context, vk::kName, vk::conv3dTransposedRows(), args, plan, workspace);
  });
}

}  // extern "C"
