#include "conv3d/conv3d_case.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace vk::cases {
namespace {

/** In the Frobenius norm; 0 without `expected`, which then becomes what was got. */
double relativeError(const Call& call, const vk_view& got, std::vector<float>& expected) {
  if (got.type != VK_F32) return 0;
  size_t count = 1;
  for (int32_t axis = 0; axis < got.rank; ++axis) count *= static_cast<size_t>(got.sizes[axis]);
  std::vector<float> values(count);
  // It may lie on a device.
  call.ok(vk_copy(call.context(), values.data(), got.data,
                  static_cast<int64_t>(count * sizeof(float))));
  call.ok(vk_synchronize(call.context()));
  if (expected.empty()) {
    expected = std::move(values);
    return 0;
  }
  double errors = 0;
  double squares = 0;
  for (size_t i = 0; i < count; ++i) {
    const double want = expected[i];
    const double error = static_cast<double>(values[i]) - want;
    errors += error * error;
    squares += want * want;
  }
  return std::sqrt(errors / squares);
}

/** What is not finite becomes NaN: values of two parts have no infinities. */
void forgetInfinities(Call& call, const vk_view& output) {
  Buffer values("output", output.type, Sizes(output.sizes, output.sizes + output.rank),
                sizeOf(output.type), 0);
  call.ok(vk_copy(call.context(), values.as<void>(), output.data, values.bytes()));
  call.ok(vk_synchronize(call.context()));
  for (int64_t i = 0; i < values.count(); ++i) {
    if (!std::isfinite(values.get(i))) values.set(i, std::nan(""));
  }
  call.fill(&output, values);
}

}  // namespace

vk_conv3d_params conv3dParams(const CaseLine& line) {
  vk_conv3d_params params{};
  params.struct_size = sizeof params;
  params.groups = line.integer("groups", 1);
  // "3x3x1" is width, height, depth, as a shape.
  const Sizes kernel = line.sizes("kernel");
  const Sizes stride = line.sizes("stride", "1x1x1");
  const Sizes dilation = line.sizes("dilation", "1x1x1");
  const Sizes begin = line.sizes("pad", "0x0x0");
  const Sizes end = line.sizes("pad_end", line.word("pad", "0x0x0"));
  for (size_t axis = 0; axis < 3; ++axis) {
    params.kernel[axis] = kernel[axis];
    params.stride[axis] = stride[axis];
    params.dilation[axis] = dilation[axis];
    params.padding_begin[axis] = begin[axis];
    params.padding_end[axis] = end[axis];
  }
  const std::string activation = line.word("activation", "none");
  params.activation = activation == "none"    ? VK_ACTIVATION_NONE
                      : activation == "relu"  ? VK_ACTIVATION_RELU
                      : activation == "leaky" ? VK_ACTIVATION_LEAKY_RELU
                                              : static_cast<vk_activation>(3);
  params.negative_slope = line.number("slope", 0.01);
  params.accuracy = line.number("accuracy", 0);
  return params;
}

int64_t conv3dOutputSize(const vk_conv3d_params& params, const Sizes& shape, size_t axis) {
  const int64_t padded = shape[axis] + params.padding_begin[axis] + params.padding_end[axis];
  const int64_t extent = (params.kernel[axis] - 1) * params.dilation[axis] + 1;
  return padded < extent || params.stride[axis] < 1 ? 0
                                                    : (padded - extent) / params.stride[axis] + 1;
}

Buffer& conv3dValues(Case& test, const std::string& name, const Sizes& sizes) {
  return test.line().flag("exact", false) ? test.integers(name, sizes, -4, 4)
                                          : test.uniform(name, sizes, -1, 1);
}

Bound conv3dBound(const CaseLine& line, double ofLargest) {
  return line.flag("exact", false) ? Bound{} : Bound{.ofLargest = line.number("bound", ofLargest)};
}

Conv3dSizes::Conv3dSizes(const CaseLine& line, const vk_conv3d_params& params) {
  const Sizes shape = line.sizes("shape");
  const int64_t batch = line.integer("n", 1);
  const int64_t in = line.integer("in", 1);
  const int64_t out = line.integer("out", 1);
  input = {batch, in, shape[0], shape[1], shape[2]};
  output = {batch, out, conv3dOutputSize(params, shape, 0), conv3dOutputSize(params, shape, 1),
            conv3dOutputSize(params, shape, 2)};
  weights = {out, params.groups > 0 ? in / params.groups : in, params.kernel[0], params.kernel[1],
             params.kernel[2]};
}

void conv3dRunPacked(
    Case& test, Call& call, const std::function<vk_status(vk_plan*)>& plan,
    const std::function<vk_status(const vk_plan*, const vk_view*)>& pack,
    const std::function<vk_status(const vk_plan*, const vk_view*, const vk_view*)>& run) {
  vk_plan planned{};
  call.ok(plan(&planned));
  const int64_t elements = planned.packed_bytes / sizeOf(test.type());
  Buffer packed("packed", test.type(), {elements}, sizeOf(test.type()), 0xFF);
  breakView(test.line(), packed);
  const vk_backend backend = vk_context_backend(call.context());
  const bool onDevice = backend == VK_BACKEND_CUDA || backend == VK_BACKEND_CUDA_EMULATED;
  if (onDevice) packed.moveToDevice(call.context());
  call.ok(pack(&planned, packed.view()));
  call.ok(run(&planned, packed.view(), call.workspace(planned)));
  if (onDevice) packed.moveToHost(call.context());
  const std::string damage = packed.guardDamage();
  test.expect(damage.empty(), "packing wrote %s", damage.c_str());
}

void conv3dCase(Case& test) {
  const CaseLine& line = test.line();
  const vk_conv3d_params params = conv3dParams(line);
  const Conv3dSizes sizes(line, params);
  Buffer& input = conv3dValues(test, "input", sizes.input);
  Buffer& weights = conv3dValues(test, "weights", sizes.weights);
  test.spoil(input);
  Buffer none;
  Buffer& bias = line.flag("bias", false) ? test.integers("bias", {sizes.output[1]}, -9, 9) : none;
  Buffer& residual =
      line.flag("residual", false) ? test.integers("residual", sizes.output, -9, 9) : none;

  std::vector<float> expected;
  test.run([&](Call& call) {
    const vk_view* output =
        call.output("output", test.type(), sizes.output, conv3dBound(line, 4e-6));
    conv3dRunPacked(
        test, call,
        [&](vk_plan* plan) {
          return vk_conv3d_plan(call.context(), input.view(), bias.view(), residual.view(), &params,
                                output, plan);
        },
        [&](const vk_plan* plan, const vk_view* packed) {
          return vk_conv3d_pack(call.context(), plan, weights.view(), &params, packed);
        },
        [&](const vk_plan* plan, const vk_view* packed, const vk_view* workspace) {
          return vk_conv3d(call.context(), plan, input.view(), packed, bias.view(), residual.view(),
                           &params, workspace, output);
        });
    if (line.word("infinities", "") == "nan") forgetInfinities(call, *output);
    // The first to run is the reference.
    const double error = relativeError(call, *output, expected);
    const double accepted = params.accuracy > 0 ? params.accuracy : VK_CONV3D_ACCURACY;
    test.expect(!(error > std::max(accepted, 2e-6)), "the error in the Frobenius norm is %.3g",
                error);
  });
}

}  // namespace vk::cases
