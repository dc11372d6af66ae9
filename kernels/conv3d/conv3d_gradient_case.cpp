#include <cmath>

#include "conv3d/conv3d_case.h"

namespace vk::cases {
namespace {

/** The convolution without bias, residual and activation, whose gradients these are. */
Run convolution(Case& test, const vk_conv3d_params& params, const Conv3dSizes& sizes, Buffer& input,
                Buffer& weights, Buffer& bias) {
  return [&](Call& call) {
    vk_conv3d_params linear = params;
    linear.activation = VK_ACTIVATION_NONE;
    const vk_view* output = call.output("output", test.type(), sizes.output, {});
    conv3dRunPacked(
        test, call,
        [&](vk_plan* plan) {
          return vk_conv3d_plan(call.context(), input.view(), bias.view(), Buffer().view(), &linear,
                                output, plan);
        },
        [&](const vk_plan* plan, const vk_view* packed) {
          return vk_conv3d_pack(call.context(), plan, weights.view(), &linear, packed);
        },
        [&](const vk_plan* plan, const vk_view* packed, const vk_view* workspace) {
          return vk_conv3d(call.context(), plan, input.view(), packed, bias.view(), Buffer().view(),
                           &linear, workspace, output);
        });
  };
}

}  // namespace

void conv3d_gradient_inputCase(Case& test) {
  const CaseLine& line = test.line();
  const vk_conv3d_params params = conv3dParams(line);
  const Conv3dSizes sizes(line, params);
  Buffer& upstream = conv3dValues(test, "upstream", sizes.output);
  Buffer& weights = conv3dValues(test, "weights", sizes.weights);
  test.spoil(upstream);
  const Run run = [&](Call& call) {
    const vk_view* gradient =
        call.output("gradient", test.type(), sizes.input, conv3dBound(line, 4e-6));
    conv3dRunPacked(
        test, call,
        [&](vk_plan* plan) {
          return vk_conv3d_gradient_input_plan(call.context(), upstream.view(), &params, gradient,
                                               plan);
        },
        [&](const vk_plan* plan, const vk_view* packed) {
          return vk_conv3d_gradient_input_pack(call.context(), plan, weights.view(), &params,
                                               packed);
        },
        [&](const vk_plan* plan, const vk_view* packed, const vk_view* workspace) {
          return vk_conv3d_gradient_input(call.context(), plan, upstream.view(), packed, &params,
                                          workspace, gradient);
        });
  };
  test.run(run);
  const bool adjoint = line.flag("adjoint", false);
  const bool differences = line.flag("differences", false);
  if (!adjoint && !differences) return;
  Buffer& input = conv3dValues(test, "input", sizes.input);
  Buffer none;
  const Run forward = convolution(test, params, sizes, input, weights, none);
  const Buffer& gradient = test.reference(run).result("gradient");
  const auto loss = [&] { return dot(test.reference(forward).result("output"), upstream); };
  if (adjoint) {
    test.checkAdjoint(test.reference(forward).result("output"), upstream, input, gradient);
  }
  if (differences) test.checkGradient("dL/dinput", input, gradient, loss);
}

void conv3d_gradient_weightsCase(Case& test) {
  const CaseLine& line = test.line();
  const vk_conv3d_params params = conv3dParams(line);
  const Conv3dSizes sizes(line, params);
  Buffer& upstream = conv3dValues(test, "upstream", sizes.output);
  Buffer& input = conv3dValues(test, "input", sizes.input);
  test.spoil(input);
  const bool withBias = line.flag("bias", true);
  const Sizes biasSizes = {sizes.output[1]};
  const Buffer none;
  const Run run = [&](Call& call) {
    const Bound bound = conv3dBound(line, 1e-5);
    const vk_view* gradient = call.output("gradient", test.type(), sizes.weights, bound);
    const vk_view* bias =
        withBias ? call.output("gradient_bias", test.type(), biasSizes, bound) : none.view();
    vk_plan plan{};
    call.ok(vk_conv3d_gradient_weights_plan(call.context(), upstream.view(), input.view(), &params,
                                            gradient, bias, &plan));
    call.ok(vk_conv3d_gradient_weights(call.context(), &plan, upstream.view(), input.view(),
                                       &params, call.workspace(plan), gradient, bias));
  };
  test.run(run);
  const bool adjoint = line.flag("adjoint", false);
  const bool differences = line.flag("differences", false);
  if (!adjoint && !differences) return;
  Buffer& weights = conv3dValues(test, "weights", sizes.weights);
  Buffer& bias = conv3dValues(test, "bias", biasSizes);
  const Run forward = convolution(test, params, sizes, input, weights, bias);
  const Call& analytic = test.reference(run);
  const Buffer& gradient = analytic.result("gradient");
  const Buffer& gradientBias = analytic.result("gradient_bias");
  const auto loss = [&] { return dot(test.reference(forward).result("output"), upstream); };
  if (adjoint) {
    const double expected = loss();
    const double got = dot(gradient, weights) + dot(gradientBias, bias);
    const double scale = std::sqrt(dot(gradient, gradient) * dot(weights, weights)) +
                         std::sqrt(dot(gradientBias, gradientBias) * dot(bias, bias));
    test.expect(std::abs(got - expected) <= 2e-7 * scale,
                "<dL/dweights, w> + <dL/dbias, b> is %.9g, <u, A w + b> is %.9g", got, expected);
  }
  if (differences) {
    test.checkGradient("dL/dweights", weights, gradient, loss);
    test.checkGradient("dL/dbias", bias, gradientBias, loss);
  }
}

}  // namespace vk::cases
