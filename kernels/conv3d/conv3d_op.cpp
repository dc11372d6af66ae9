#include <cmath>

#include "conv3d/conv3d.h"
#include "conv3d/conv3d_winograd.h"
#include "core/threads.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kName = "conv3d";
constexpr const char* const kAxes[] = {"z", "y", "x"};
/** Keeps positions far from the end of 64 bits. */
constexpr int64_t kMostExtent = int64_t{1} << 20;

long long shown(int64_t value) { return static_cast<long long>(value); }

void requireWithin(const char* what, int axis, int64_t value, int64_t least) {
  if (value < least || value > kMostExtent) {
    invalidArgument("%s: %s along %s is %lld, expected %lld to %lld", kName, what, kAxes[axis],
                    shown(value), shown(least), shown(kMostExtent));
  }
}

/** What the parameters alone say; the rest is zero. */
Conv3dArgs ofParams(const vk_conv3d_params* params) {
  if (params == nullptr || params->struct_size != sizeof(vk_conv3d_params)) {
    invalidArgument("%s: the parameters are missing or of another version", kName);
  }
  Conv3dArgs args{};
  for (int axis = 0; axis < 3; ++axis) {
    requireWithin("kernel", axis, args.kernel[axis] = params->kernel[axis], 1);
    requireWithin("stride", axis, args.stride[axis] = params->stride[axis], 1);
    requireWithin("dilation", axis, args.dilation[axis] = params->dilation[axis], 1);
    requireWithin("padding_begin", axis, args.paddingBegin[axis] = params->padding_begin[axis], 0);
    requireWithin("padding_end", axis, params->padding_end[axis], 0);
  }
  if (params->groups < 1) {
    invalidArgument("%s: %lld groups, expected 1 or more", kName, shown(params->groups));
  }
  args.groups = params->groups;
  if (params->activation < VK_ACTIVATION_NONE || params->activation > VK_ACTIVATION_LEAKY_RELU) {
    invalidArgument("%s: activation %d is not one of none, ReLU and leaky ReLU", kName,
                    static_cast<int>(params->activation));
  }
  args.activation = params->activation;
  if (!std::isfinite(params->negative_slope)) {
    invalidArgument("%s: negative_slope is %g, expected a finite number", kName,
                    params->negative_slope);
  }
  args.negativeSlope = params->negative_slope;
  return args;
}

int64_t channelsOfGroup(const Conv3dArgs& args, const char* name, const vk_view& view, int axis) {
  if (view.sizes[axis] % args.groups != 0) {
    invalidArgument("%s: %s is %s; its %lld channels are no multiple of the %lld groups", kName,
                    name, describe(view).c_str(), shown(view.sizes[axis]), shown(args.groups));
  }
  return view.sizes[axis] / args.groups;
}

/** Output voxels along an axis. An empty axis that no padding fills stays empty. */
int64_t outputSize(const Conv3dArgs& args, const vk_conv3d_params& params, const vk_view& input,
                   int axis) {
  const int64_t padded =
      input.sizes[axis + 2] + params.padding_begin[axis] + params.padding_end[axis];
  const int64_t extent = (args.kernel[axis] - 1) * args.dilation[axis] + 1;
  if (padded == 0) return 0;
  if (padded < extent) {
    invalidArgument(
        "%s: along %s the kernel reaches over %lld voxels, but input, %s, has %lld with its "
        "padding",
        kName, kAxes[axis], shown(extent), describe(input).c_str(), shown(padded));
  }
  return (padded - extent) / args.stride[axis] + 1;
}

Conv3dArgs checked(const Context& context, const vk_view* input, const vk_view* bias,
                   const vk_view* residual, const vk_conv3d_params* params, const vk_view* output) {
  Conv3dArgs args = ofParams(params);
  requireDenseFloat(kName, "input", input);
  requireRank(kName, "input", *input, 5);
  requireDense(kName, "output", output, input->type);
  requireRank(kName, "output", *output, 5);
  args.type = input->type;
  args.batch = input->sizes[0];
  args.inChannels = channelsOfGroup(args, "input", *input, 1);
  args.outChannels = channelsOfGroup(args, "output", *output, 1);
  if (output->sizes[0] != input->sizes[0]) {
    invalidArgument("%s: output is %s and input %s; the batches must agree", kName,
                    describe(*output).c_str(), describe(*input).c_str());
  }
  for (int axis = 0; axis < 3; ++axis) {
    args.inSize[axis] = input->sizes[axis + 2];
    args.outSize[axis] = outputSize(args, *params, *input, axis);
    if (output->sizes[axis + 2] != args.outSize[axis]) {
      invalidArgument("%s: output is %s, expected %lld voxels along %s as input is %s", kName,
                      describe(*output).c_str(), shown(args.outSize[axis]), kAxes[axis],
                      describe(*input).c_str());
    }
  }
  if (present(bias)) {
    requireDense(kName, "bias", bias, input->type);
    requireRank(kName, "bias", *bias, 1);
    if (bias->sizes[0] != output->sizes[1]) {
      invalidArgument("%s: bias is %s, expected %lld values as output is %s", kName,
                      describe(*bias).c_str(), shown(output->sizes[1]), describe(*output).c_str());
    }
  }
  if (present(residual)) {
    requireDense(kName, "residual", residual, input->type);
    requireSameSizes(kName, "residual", *residual, "output", *output);
  }
  args.input = input->data;
  args.bias = dataOf<const void>(bias);
  args.residual = dataOf<const void>(residual);
  args.output = output->data;
  args.threads = context.arena->threads();
  return args;
}

Conv3dArgs checkedWeights(const vk_view* weights, const vk_conv3d_params* params) {
  Conv3dArgs args = ofParams(params);
  requireDenseFloat(kName, "weights", weights);
  requireRank(kName, "weights", *weights, 5);
  for (int axis = 0; axis < 3; ++axis) {
    if (weights->sizes[axis + 2] != args.kernel[axis]) {
      invalidArgument("%s: weights is %s, expected a kernel of %lld along %s", kName,
                      describe(*weights).c_str(), shown(args.kernel[axis]), kAxes[axis]);
    }
  }
  args.type = weights->type;
  args.inChannels = weights->sizes[1];
  args.outChannels = channelsOfGroup(args, "weights", *weights, 0);
  args.weights = weights->data;
  return args;
}

int64_t packedBytes(const Conv3dArgs& args) {
  return args.groups * args.outChannels * args.inChannels * conv3dTaps(args) *
         elementSize(args.type);
}

/** Memory for packed weights: as large as the plan says, or larger. */
void* packedData(const Conv3dArgs& args, const vk_plan* plan, const vk_view* packed) {
  requireDense(kName, "packed", packed, args.type);
  const int64_t bytes = elementCount(*packed) * elementSize(packed->type);
  if (plan != nullptr && bytes < plan->packed_bytes) {
    invalidArgument("%s: packed is %s with %lld bytes, expected %lld", kName,
                    describe(*packed).c_str(), shown(bytes), shown(plan->packed_bytes));
  }
  return packed->data;
}

Refusal cpuAccepts(const Conv3dArgs& args) {
  return args.type == VK_F32 ? Refusal() : "takes f32 only";
}

}  // namespace

Implementations<Conv3dArgs> conv3dImplementations() {
  struct Table {
    Implementation<Conv3dArgs> rows[4 * kWinogradForms + 5];
    Table() {
      Implementation<Conv3dArgs>* row = rows;
      for (int64_t form = 0; form < kWinogradForms; ++form) {
        const WinogradImplementation& winograd = winogradImplementations()[form];
        const HostImplementations<Conv3dArgs> host =
            HostImplementations<Conv3dArgs>(*winograd.run, winograd.accepts,
                                            winograd.workspaceBytes, conv3dReference)
                .withPacking(winograd.packedBytes, *winograd.pack, conv3dPackReference);
        for (size_t i = 0; i < 4; ++i, ++row) {
          *row = host.rows[i];
          row->name = winograd.names[i];
        }
      }
      // The reference is the last row of each.
      const HostImplementations<Conv3dArgs> direct =
          HostImplementations<Conv3dArgs>(conv3dCpuTable, cpuAccepts, conv3dCpuWorkspaceBytes,
                                          conv3dReference)
              .withPacking(packedBytes, conv3dPackCpuTable, conv3dPackReference);
      for (const Implementation<Conv3dArgs>& each : direct.rows) *row++ = each;
    }
  };
  static const Table table;
  return table.rows;
}

}  // namespace vk

extern "C" {

vk_status vk_conv3d_plan(vk_context* context, const vk_view* input, const vk_view* bias,
                         const vk_view* residual, const vk_conv3d_params* params,
                         const vk_view* output, vk_plan* plan) {
  return vk::guarded([&] {
    vk::choose(*context, vk::kName, vk::conv3dImplementations(),
               vk::checked(*context, input, bias, residual, params, output), plan);
  });
}

vk_status vk_conv3d_pack(vk_context* context, const vk_plan* plan, const vk_view* weights,
                         const vk_conv3d_params* params, const vk_view* packed) {
  return vk::guarded([&] {
    vk::Conv3dArgs args = vk::checkedWeights(weights, params);
    args.packed = vk::packedData(args, plan, packed);
    vk::pack(*context, vk::kName, vk::conv3dImplementations(), args, plan);
  });
}

vk_status vk_conv3d(vk_context* context, const vk_plan* plan, const vk_view* input,
                    const vk_view* packed, const vk_view* bias, const vk_view* residual,
                    const vk_conv3d_params* params, const vk_view* workspace,
                    const vk_view* output) {
  return vk::guarded([&] {
    vk::Conv3dArgs args = vk::checked(*context, input, bias, residual, params, output);
    args.packed = vk::packedData(args, plan, packed);
    vk::run(*context, vk::kName, vk::conv3dImplementations(), args, plan, workspace);
  });
}

}  // extern "C"
