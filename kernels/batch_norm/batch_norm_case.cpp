#include "cases/case.h"
#include "cases/normalization.h"
#include "voxkern/normalization.h"

namespace vk::cases {
namespace {

vk_batch_norm_params paramsOf(const CaseLine& line) {
  return {sizeof(vk_batch_norm_params), fusedActivation(line),
          line.number("slope", 0.01),   line.flag("training", true) ? 1 : 0,
          line.number("epsilon", 1e-5), line.number("momentum", 0.1)};
}

int64_t countOf(const Sizes& sizes, size_t from) {
  int64_t count = 1;
  for (size_t axis = from; axis < sizes.size(); ++axis) count *= sizes[axis];
  return count;
}

/** Running statistics are updated in place: each call has its own, starting alike. */
const vk_view* runningOf(Call& call, const Buffer& start, Bound bound) {
  if (!start.present()) return start.view();
  const vk_view* running = call.output(start.name(), start.type(), {start.view()->sizes[0]}, bound);
  call.fill(running, start);
  return running;
}

}  // namespace

void batch_normCase(Case& test) {
  const vk_batch_norm_params params = paramsOf(test.line());
  const NormInputs inputs(test, test.line().sizes("shape"));
  const Sizes channels = {inputs.sizes[1]};
  Buffer none;
  const bool hasRunning = test.line().flag("running", true);
  Buffer& runningMean = hasRunning ? test.uniform("running_mean", channels, -1, 1) : none;
  Buffer& runningVariance = hasRunning ? test.uniform("running_variance", channels, 0.5, 2) : none;
  test.run([&](Call& call) {
    const vk_view* output = call.output("output", test.type(), inputs.sizes, normBound());
    const vk_view* mean =
        inputs.saved ? call.output("mean", test.type(), channels, meanBound()) : nullptr;
    const vk_view* inverse =
        inputs.saved ? call.output("inverse_deviation", test.type(), channels, {.relative = 1e-6})
                     : nullptr;
    const vk_view* running = runningOf(call, runningMean, meanBound());
    const vk_view* variance = runningOf(call, runningVariance, {.relative = 1e-6});
    vk_plan plan{};
    call.ok(vk_batch_norm_plan(call.context(), inputs.input.view(), inputs.scale.view(),
                               inputs.shift.view(), running, variance, &params, output, mean,
                               inverse, &plan));
    call.ok(vk_batch_norm(call.context(), &plan, inputs.input.view(), inputs.scale.view(),
                          inputs.shift.view(), running, variance, &params, call.workspace(plan),
                          output, mean, inverse));
  });
}

void batch_norm_gradientCase(Case& test) {
  const vk_batch_norm_params params = paramsOf(test.line());
  const NormInputs inputs(test, test.line().sizes("shape"));
  const Sizes channels = {inputs.sizes[1]};
  Buffer& mean = test.input("mean", test.type(), channels);
  Buffer& inverse = test.input("inverse_deviation", test.type(), channels);
  const int64_t length = countOf(inputs.sizes, 2);
  for (int64_t channel = 0; channel < mean.count(); ++channel) {
    if (params.training == 0) {
      mean.set(channel, 0.1 * double(channel));
      inverse.set(channel, 1.25);
      continue;
    }
    setMoments(inputs.sizes[0] * length, params.epsilon, channel, mean, inverse, [&](int64_t i) {
      return inputs.input.get((i / length * inputs.sizes[1] + channel) * length + i % length);
    });
  }
  Buffer& outputGradient = test.uniform("output_gradient", inputs.sizes, -1, 1);
  const Run gradient = [&](Call& call) {
    const NormGradients gradients(call, inputs, test.type());
    vk_plan plan{};
    call.ok(vk_batch_norm_gradient_plan(call.context(), inputs.input.view(), inputs.scale.view(),
                                        inputs.shift.view(), mean.view(), inverse.view(),
                                        outputGradient.view(), &params, gradients.input,
                                        gradients.scale, gradients.shift, &plan));
    call.ok(vk_batch_norm_gradient(call.context(), &plan, inputs.input.view(), inputs.scale.view(),
                                   inputs.shift.view(), mean.view(), inverse.view(),
                                   outputGradient.view(), &params, call.workspace(plan),
                                   gradients.input, gradients.scale, gradients.shift));
  };
  test.run(gradient);
  if (!test.line().flag("differences", false)) return;
  // The statistics that inference is given: those above.
  Buffer variance("running_variance", test.type(), channels, sizeOf(test.type()), 0);
  for (int64_t i = 0; i < channels[0]; ++i) variance.set(i, 1 / (1.25 * 1.25) - params.epsilon);
  Buffer none;
  const vk_view* running = params.training == 0 ? mean.view() : none.view();
  const vk_view* spread = params.training == 0 ? variance.view() : none.view();
  const Run forward = [&](Call& call) {
    const vk_view* output = call.output("output", test.type(), inputs.sizes, {});
    vk_plan plan{};
    call.ok(vk_batch_norm_plan(call.context(), inputs.input.view(), inputs.scale.view(),
                               inputs.shift.view(), running, spread, &params, output, nullptr,
                               nullptr, &plan));
    call.ok(vk_batch_norm(call.context(), &plan, inputs.input.view(), inputs.scale.view(),
                          inputs.shift.view(), running, spread, &params, nullptr, output, nullptr,
                          nullptr));
  };
  checkNormGradients(test, inputs, test.reference(gradient), [&] {
    return productSum(test.reference(forward).result("output"), outputGradient);
  });
}

}  // namespace vk::cases
