#include <cmath>
#include <vector>

#include "cases/case.h"
#include "voxkern/convolution.h"

namespace vk::cases {
namespace {

vk_conv3d_params paramsOf(const CaseLine& line) {
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
  return params;
}

/** Where the arguments make no sense, something for the operation to refuse. */
int64_t outputSize(const vk_conv3d_params& params, const Sizes& shape, size_t axis) {
  const int64_t padded = shape[axis] + params.padding_begin[axis] + params.padding_end[axis];
  const int64_t extent = (params.kernel[axis] - 1) * params.dilation[axis] + 1;
  return padded < extent || params.stride[axis] < 1 ? 0
                                                    : (padded - extent) / params.stride[axis] + 1;
}

/** In the Frobenius norm; 0 without `expected`, which then becomes what was got. */
double relativeError(const vk_view& got, std::vector<double>& expected) {
  if (got.type != VK_F32) return 0;
  const float* const values = static_cast<const float*>(got.data);
  int64_t count = 1;
  for (int32_t axis = 0; axis < got.rank; ++axis) count *= got.sizes[axis];
  if (expected.empty()) {
    expected.assign(values, values + count);
    return 0;
  }
  double errors = 0;
  double squares = 0;
  for (int64_t i = 0; i < count; ++i) {
    const double want = expected[static_cast<size_t>(i)];
    const double error = static_cast<double>(values[i]) - want;
    errors += error * error;
    squares += want * want;
  }
  return std::sqrt(errors / squares);
}

}  // namespace

void conv3dCase(Case& test) {
  const CaseLine& line = test.line();
  const vk_conv3d_params params = paramsOf(line);
  const Sizes shape = line.sizes("shape");
  const int64_t batch = line.integer("n", 1);
  const int64_t in = line.integer("in", 1);
  const int64_t out = line.integer("out", 1);
  const Sizes outputSizes = {batch, out, outputSize(params, shape, 0), outputSize(params, shape, 1),
                             outputSize(params, shape, 2)};
  const Sizes inputSizes = {batch, in, shape[0], shape[1], shape[2]};
  const int64_t inEach = params.groups > 0 ? in / params.groups : in;
  const Sizes weightSizes = {out, inEach, params.kernel[0], params.kernel[1], params.kernel[2]};
  // Sums of small whole numbers are exact, whatever their order.
  const bool exact = line.flag("exact", false);
  const Bound bound = exact ? Bound{} : Bound{.ofLargest = line.number("bound", 4e-6)};
  Buffer& input =
      exact ? test.integers("input", inputSizes, -4, 4) : test.uniform("input", inputSizes, -1, 1);
  Buffer& weights = exact ? test.integers("weights", weightSizes, -4, 4)
                          : test.uniform("weights", weightSizes, -1, 1);
  test.spoil(input);
  Buffer none;
  Buffer& bias = line.flag("bias", false) ? test.integers("bias", {out}, -9, 9) : none;
  Buffer& residual =
      line.flag("residual", false) ? test.integers("residual", outputSizes, -9, 9) : none;

  std::vector<double> expected;
  const Run convolution = [&](Call& call) {
    const vk_view* output = call.output("output", test.type(), outputSizes, bound);
    vk_plan plan{};
    call.ok(vk_conv3d_plan(call.context(), input.view(), bias.view(), residual.view(), &params,
                           output, &plan));
    const int64_t elements = plan.packed_bytes / sizeOf(test.type());
    Buffer packed("packed", test.type(), {elements}, sizeOf(test.type()), 0xFF);
    breakView(line, packed);
    call.ok(vk_conv3d_pack(call.context(), &plan, weights.view(), &params, packed.view()));
    call.ok(vk_conv3d(call.context(), &plan, input.view(), packed.view(), bias.view(),
                      residual.view(), &params, call.workspace(plan), output));
    // The first to run is the reference.
    const double error = relativeError(*output, expected);
    test.expect(!(error > 1e-5), "the error in the Frobenius norm is %.3g", error);
    const std::string damage = packed.guardDamage();
    test.expect(damage.empty(), "packing wrote %s", damage.c_str());
  };
  test.run(convolution);
}

}  // namespace vk::cases
