#include <algorithm>

#include "conv3d/conv3d_check.h"
#include "conv3d/conv3d_gradient_input.h"
#include "conv3d/conv3d_tuning.h"
#include "conv3d_transposed/conv3d_transposed.h"
#include "core/threads.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kName = "conv3d_transposed";

/** Checks the output's size along an axis; an empty axis stays empty. */
void checkOutputSize(const Conv3dTransposedArgs& args, const vk_conv3d_params& params,
                     const vk_view& input, const vk_view& output, int axis) {
  const int64_t size = output.sizes[axis + 2];
  int64_t least = 0;
  int64_t most = 0;
  if (args.inSize[axis] > 0) {
    least = (args.inSize[axis] - 1) * args.stride[axis] +
            (args.kernel[axis] - 1) * args.dilation[axis] + 1 - params.padding_begin[axis] -
            params.padding_end[axis];
    most = least + std::max(args.stride[axis], args.dilation[axis]) - 1;
  }
  if (size < least || size > most) {
    invalidArgument("%s: output is %s, expected %lld to %lld voxels along %s as input is %s", kName,
                    describe(output).c_str(), shown(least), shown(most), kConv3dAxes[axis],
                    describe(input).c_str());
  }
}

}  // namespace

Conv3dTransposedArgs conv3dTransposedArgs(const Context& context, const vk_view* input,
                                          const vk_view* bias, const vk_view* residual,
                                          const vk_conv3d_params* params, const vk_view* output) {
  Conv3dTransposedArgs args{conv3dOfParams(kName, params)};
  requireDenseFloat(kName, "input", input);
  requireRank(kName, "input", *input, 5);
  requireDense(kName, "output", output, input->type);
  requireRank(kName, "output", *output, 5);
  args.type = input->type;
  args.batch = input->sizes[0];
  args.inChannels = conv3dChannelsOfGroup(kName, args, "input", *input, 1);
  args.outChannels = conv3dChannelsOfGroup(kName, args, "output", *output, 1);
  if (output->sizes[0] != input->sizes[0]) {
    invalidArgument("%s: output is %s and input %s; the batches must agree", kName,
                    describe(*output).c_str(), describe(*input).c_str());
  }
  for (int axis = 0; axis < 3; ++axis) {
    args.inSize[axis] = input->sizes[axis + 2];
    args.outSize[axis] = output->sizes[axis + 2];
    checkOutputSize(args, *params, *input, *output, axis);
  }
  args.input = input->data;
  args.output = output->data;
  conv3dSetFinish(kName, bias, residual, *output, args);
  args.threads = context.arena->threads();
  args.device = context.deviceIndex;
  return args;
}

Implementations<Conv3dTransposedArgs> conv3d_transposedImplementations() {
  return conv3dTransposedRows();
}

}  // namespace vk

extern "C" {

vk_status vk_conv3d_transposed_plan(vk_context* context, const vk_view* input, const vk_view* bias,
                                    const vk_view* residual, const vk_conv3d_params* params,
                                    const vk_view* output, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::chooseTuned(*context, vk::conv3dTuning(params), vk::kName, vk::conv3dTransposedRows(),
                    vk::conv3dTransposedArgs(*context, input, bias, residual, params, output),
                    plan);
  });
}

vk_status vk_conv3d_transposed_pack(vk_context* context, const vk_plan* plan,
                                    const vk_view* weights, const vk_conv3d_params* params,
                                    const vk_view* packed) {
  return vk::guarded(context, [&] {
    vk::conv3dPackTransposed(*context, vk::kName, plan, weights, params, packed);
  });
}

vk_status vk_conv3d_transposed(vk_context* context, const vk_plan* plan, const vk_view* input,
                               const vk_view* packed, const vk_view* bias, const vk_view* residual,
                               const vk_conv3d_params* params, const vk_view* workspace,
                               const vk_view* output) {
  return vk::guarded(context, [&] {
    vk::Conv3dTransposedArgs args =
        vk::conv3dTransposedArgs(*context, input, bias, residual, params, output);
    args.anyCost = true;
    args.packed = vk::conv3dPackedData(vk::kName, args, plan, packed);
    vk::run(*context, vk::kName, vk::conv3dTransposedRows(), args, plan, workspace);
  });
}

}  // extern "C"
