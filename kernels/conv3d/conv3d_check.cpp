#include "conv3d/conv3d_check.h"

#include <cmath>

namespace vk {
namespace {

/** Keeps positions far from the end of 64 bits. */
constexpr int64_t kMostExtent = int64_t{1} << 20;

void requireWithin(const char* operation, const char* what, int axis, int64_t value,
                   int64_t least) {
  if (value < least || value > kMostExtent) {
    invalidArgument("%s: %s along %s is %lld, expected %lld to %lld", operation, what,
                    kConv3dAxes[axis], shown(value), shown(least), shown(kMostExtent));
  }
}

/** Output voxels along an axis. An empty axis that no padding fills stays empty. */
int64_t outputSize(const Conv3dNames& names, const Conv3dArgs& args, const vk_conv3d_params& params,
                   const vk_view& input, int axis) {
  const int64_t padded =
      input.sizes[axis + 2] + params.padding_begin[axis] + params.padding_end[axis];
  const int64_t extent = (args.kernel[axis] - 1) * args.dilation[axis] + 1;
  if (padded == 0) return 0;
  if (padded < extent) {
    invalidArgument(
        "%s: along %s the kernel reaches over %lld voxels, but %s, %s, has %lld with its padding",
        names.operation, kConv3dAxes[axis], shown(extent), names.input, describe(input).c_str(),
        shown(padded));
  }
  return (padded - extent) / args.stride[axis] + 1;
}

}  // namespace

Conv3dArgs conv3dOfParams(const char* operation, const vk_conv3d_params* params) {
  if (params == nullptr || params->struct_size != sizeof(vk_conv3d_params)) {
    invalidArgument("%s: the parameters are missing or of another version", operation);
  }
  Conv3dArgs args{};
  for (int axis = 0; axis < 3; ++axis) {
    const auto within = [&](const char* what, int64_t value, int64_t least) {
      requireWithin(operation, what, axis, value, least);
      return value;
    };
    args.kernel[axis] = within("kernel", params->kernel[axis], 1);
    args.stride[axis] = within("stride", params->stride[axis], 1);
    args.dilation[axis] = within("dilation", params->dilation[axis], 1);
    args.paddingBegin[axis] = within("padding_begin", params->padding_begin[axis], 0);
    within("padding_end", params->padding_end[axis], 0);
  }
  if (params->groups < 1) {
    invalidArgument("%s: %lld groups, expected 1 or more", operation, shown(params->groups));
  }
  args.groups = params->groups;
  if (params->activation < VK_ACTIVATION_NONE || params->activation > VK_ACTIVATION_LEAKY_RELU) {
    invalidArgument("%s: activation %d is not one of none, ReLU and leaky ReLU", operation,
                    static_cast<int>(params->activation));
  }
  args.activation = params->activation;
  if (!std::isfinite(params->negative_slope)) {
    invalidArgument("%s: negative_slope is %g, expected a finite number", operation,
                    params->negative_slope);
  }
  args.negativeSlope = params->negative_slope;
  if (!(params->accuracy >= 0)) {
    invalidArgument("%s: accuracy is %g, expected a relative error of 0 or more", operation,
                    params->accuracy);
  }
  args.accuracy = params->accuracy > 0 ? params->accuracy : VK_CONV3D_ACCURACY;
  return args;
}

int64_t conv3dChannelsOfGroup(const char* operation, const Conv3dArgs& args, const char* name,
                              const vk_view& view, int axis) {
  if (view.sizes[axis] % args.groups != 0) {
    invalidArgument("%s: %s is %s; its %lld channels are no multiple of the %lld groups", operation,
                    name, describe(view).c_str(), shown(view.sizes[axis]), shown(args.groups));
  }
  return view.sizes[axis] / args.groups;
}

Conv3dArgs conv3dOfTensors(const Conv3dNames& names, const vk_view* input,
                           const vk_conv3d_params* params, const vk_view* output) {
  Conv3dArgs args = conv3dOfParams(names.operation, params);
  requireDenseFloat(names.operation, names.input, input);
  requireRank(names.operation, names.input, *input, 5);
  requireDense(names.operation, names.output, output, input->type);
  requireRank(names.operation, names.output, *output, 5);
  args.type = input->type;
  args.batch = input->sizes[0];
  args.inChannels = conv3dChannelsOfGroup(names.operation, args, names.input, *input, 1);
  args.outChannels = conv3dChannelsOfGroup(names.operation, args, names.output, *output, 1);
  if (output->sizes[0] != input->sizes[0]) {
    invalidArgument("%s: %s is %s and %s %s; the batches must agree", names.operation, names.output,
                    describe(*output).c_str(), names.input, describe(*input).c_str());
  }
  for (int axis = 0; axis < 3; ++axis) {
    args.inSize[axis] = input->sizes[axis + 2];
    args.outSize[axis] = outputSize(names, args, *params, *input, axis);
    if (output->sizes[axis + 2] != args.outSize[axis]) {
      invalidArgument("%s: %s is %s, expected %lld voxels along %s as %s is %s", names.operation,
                      names.output, describe(*output).c_str(), shown(args.outSize[axis]),
                      kConv3dAxes[axis], names.input, describe(*input).c_str());
    }
  }
  args.input = input->data;
  args.output = output->data;
  return args;
}

void conv3dSetFinish(const char* operation, const vk_view* bias, const vk_view* residual,
                     const vk_view& output, Conv3dArgs& args) {
  if (present(bias)) {
    requireDense(operation, "bias", bias, args.type);
    requireRank(operation, "bias", *bias, 1);
    if (bias->sizes[0] != output.sizes[1]) {
      invalidArgument("%s: bias is %s, expected %lld values as output is %s", operation,
                      describe(*bias).c_str(), shown(output.sizes[1]), describe(output).c_str());
    }
  }
  if (present(residual)) {
    requireDense(operation, "residual", residual, args.type);
    requireSameSizes(operation, "residual", *residual, "output", output);
  }
  args.bias = dataOf<const void>(bias);
  args.residual = dataOf<const void>(residual);
}

Conv3dArgs conv3dOfWeights(const char* operation, const vk_view* weights,
                           const vk_conv3d_params* params) {
  Conv3dArgs args = conv3dOfParams(operation, params);
  requireDenseFloat(operation, "weights", weights);
  requireRank(operation, "weights", *weights, 5);
  for (int axis = 0; axis < 3; ++axis) {
    if (weights->sizes[axis + 2] != args.kernel[axis]) {
      invalidArgument("%s: weights is %s, expected a kernel of %lld along %s", operation,
                      describe(*weights).c_str(), shown(args.kernel[axis]), kConv3dAxes[axis]);
    }
  }
  args.type = weights->type;
  args.inChannels = weights->sizes[1];
  args.outChannels = conv3dChannelsOfGroup(operation, args, "weights", *weights, 0);
  args.weights = weights->data;
  return args;
}

int64_t conv3dPackedBytes(const Conv3dArgs& args) {
  return args.groups * args.outChannels * args.inChannels * conv3dTaps(args) *
         elementSize(args.type);
}

void* conv3dPackedData(const char* operation, const Conv3dArgs& args, const vk_plan* plan,
                       const vk_view* packed) {
  requireDense(operation, "packed", packed, args.type);
  const int64_t bytes = elementCount(*packed) * elementSize(packed->type);
  if (plan != nullptr && bytes < plan->packed_bytes) {
    invalidArgument("%s: packed is %s with %lld bytes, expected %lld", operation,
                    describe(*packed).c_str(), shown(bytes), shown(plan->packed_bytes));
  }
  return packed->data;
}

}  // namespace vk
