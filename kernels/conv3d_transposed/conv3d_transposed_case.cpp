#include <cmath>

#include "conv3d/conv3d_case.h"
#include "voxkern/convolution.h"

namespace vk::cases {

void conv3d_transposedCase(Case& test) {
  const CaseLine& line = test.line();
  const vk_conv3d_params params = conv3dParams(line);
  const Sizes shape = line.sizes("shape");
  const Sizes more = line.sizes("out_pad", "0x0x0");
  const int64_t batch = line.integer("n", 1);
  const int64_t in = line.integer("in", 1);
  const int64_t out = line.integer("out", 1);
  Sizes outputSizes = {batch, out, 0, 0, 0};
  for (size_t axis = 0; axis < 3; ++axis) {
    const int64_t size = (shape[axis] - 1) * params.stride[axis] +
                         (params.kernel[axis] - 1) * params.dilation[axis] + 1 + more[axis] -
                         params.padding_begin[axis] - params.padding_end[axis];
    if (shape[axis] > 0 && size > 0) outputSizes[axis + 2] = size;
  }
  const int64_t outEach = params.groups > 0 ? out / params.groups : out;
  Buffer& input = conv3dValues(test, "input", {batch, in, shape[0], shape[1], shape[2]});
  Buffer& weights = conv3dValues(
      test, "weights", {in, outEach, params.kernel[0], params.kernel[1], params.kernel[2]});
  test.spoil(input);
  Buffer none;
  Buffer& bias = line.flag("bias", false) ? test.integers("bias", {out}, -9, 9) : none;
  Buffer& residual =
      line.flag("residual", false) ? test.integers("residual", outputSizes, -9, 9) : none;
  const Run run = [&](Call& call) {
    const vk_view* output =
        call.output("output", test.type(), outputSizes, conv3dBound(line, 4e-6));
    conv3dRunPacked(
        test, call,
        [&](vk_plan* plan) {
          return vk_conv3d_transposed_plan(call.context(), input.view(), bias.view(),
                                           residual.view(), &params, output, plan);
        },
        [&](const vk_plan* plan, const vk_view* packed) {
          return vk_conv3d_transposed_pack(call.context(), plan, weights.view(), &params, packed);
        },
        [&](const vk_plan* plan, const vk_view* packed, const vk_view* workspace) {
          return vk_conv3d_transposed(call.context(), plan, input.view(), packed, bias.view(),
                                      residual.view(), &params, workspace, output);
        });
  };
  test.run(run);
  if (!line.flag("adjoint", false)) return;
  // The other way round it is a convolution.
  Buffer& other = conv3dValues(test, "other", outputSizes);
  const Run forward = [&](Call& call) {
    const vk_view* sums =
        call.output("sums", test.type(), {batch, in, shape[0], shape[1], shape[2]}, {});
    conv3dRunPacked(
        test, call,
        [&](vk_plan* plan) {
          return vk_conv3d_plan(call.context(), other.view(), none.view(), none.view(), &params,
                                sums, plan);
        },
        [&](const vk_plan* plan, const vk_view* packed) {
          return vk_conv3d_pack(call.context(), plan, weights.view(), &params, packed);
        },
        [&](const vk_plan* plan, const vk_view* packed, const vk_view* workspace) {
          return vk_conv3d(call.context(), plan, other.view(), packed, none.view(), none.view(),
                           &params, workspace, sums);
        });
  };
  test.checkAdjoint(test.reference(run).result("output"), other, input,
                    test.reference(forward).result("sums"));
}

}  // namespace vk::cases
