#include "cases/case.h"
#include "cases/normalization.h"
#include "voxkern/normalization.h"

namespace vk::cases {
namespace {

struct LayerInputs {
  explicit LayerInputs(Case& test)
      : sizes(test.line().sizes("shape")),
        params{sizeof(vk_layer_norm_params), int32_t(test.line().integer("axis", 1)),
               test.line().flag("rms", false) ? 1 : 0, test.line().number("epsilon", 1e-5)},
        split(sizes.cbegin() +
              (params.axis < 0 || params.axis > int32_t(sizes.size()) ? 0 : params.axis)),
        outer(sizes.cbegin(), split),
        inner(split, sizes.cend()),
        input(NormInputs::values(test, sizes)),
        scale(test.line().flag("scale", true) ? test.uniform("scale", inner, 0.5, 1.5) : none),
        shift(test.line().flag("shift", true) ? test.uniform("shift", inner, -0.5, 0.5) : none) {
    test.spoil(input);
  }

  Sizes sizes;
  vk_layer_norm_params params;
  Sizes::const_iterator split;
  Sizes outer;
  Sizes inner;
  Buffer none;
  Buffer& input;
  Buffer& scale;
  Buffer& shift;
};

void runForward(Call& call, const LayerInputs& in, const vk_view* output, const vk_view* mean,
                const vk_view* inverse) {
  vk_plan plan{};
  call.ok(vk_layer_norm_plan(call.context(), in.input.view(), in.scale.view(), in.shift.view(),
                             &in.params, output, mean, inverse, &plan));
  call.ok(vk_layer_norm(call.context(), &plan, in.input.view(), in.scale.view(), in.shift.view(),
                        &in.params, call.workspace(plan), output, mean, inverse));
}

}  // namespace

void layer_normCase(Case& test) {
  const LayerInputs in(test);
  const bool saved = test.line().flag("saved", true);
  test.run([&](Call& call) {
    const vk_view* output = call.output("output", test.type(), in.sizes, normBound());
    const vk_view* mean = saved ? call.output("mean", test.type(), in.outer, meanBound()) : nullptr;
    const vk_view* inverse =
        saved ? call.output("inverse_deviation", test.type(), in.outer, {.relative = 1e-6})
              : nullptr;
    runForward(call, in, output, mean, inverse);
  });
}

void layer_norm_gradientCase(Case& test) {
  const LayerInputs in(test);
  Buffer& mean = test.input("mean", test.type(), in.outer);
  Buffer& inverse = test.input("inverse_deviation", test.type(), in.outer);
  const int64_t length = mean.count() > 0 ? in.input.count() / mean.count() : 0;
  for (int64_t row = 0; row < mean.count(); ++row) {
    setMoments(length, in.params.epsilon, row, mean, inverse,
               [&](int64_t i) { return in.input.get(row * length + i); });
    if (in.params.root_mean_square == 0) continue;
    double squares = 0;
    for (int64_t i = 0; i < length; ++i) {
      squares += in.input.get(row * length + i) * in.input.get(row * length + i);
    }
    inverse.set(row, 1 / std::sqrt(squares / double(length) + in.params.epsilon));
  }
  Buffer& outputGradient = test.uniform("output_gradient", in.sizes, -1, 1);
  const vk_view* centre = in.params.root_mean_square != 0 ? in.none.view() : mean.view();
  const bool all = test.line().flag("saved", true);
  const Run gradient = [&](Call& call) {
    const Bound sums = normSumBound(mean.count());
    const vk_view* toInput =
        call.output("input_gradient", test.type(), in.sizes, normGradientBound());
    const vk_view* toScale =
        all ? call.output("scale_gradient", test.type(), in.inner, sums) : nullptr;
    const vk_view* toShift =
        all ? call.output("shift_gradient", test.type(), in.inner, sums) : nullptr;
    vk_plan plan{};
    call.ok(vk_layer_norm_gradient_plan(call.context(), in.input.view(), in.scale.view(), centre,
                                        inverse.view(), outputGradient.view(), &in.params, toInput,
                                        toScale, toShift, &plan));
    call.ok(vk_layer_norm_gradient(call.context(), &plan, in.input.view(), in.scale.view(), centre,
                                   inverse.view(), outputGradient.view(), &in.params,
                                   call.workspace(plan), toInput, toScale, toShift));
  };
  test.run(gradient);
  if (!test.line().flag("differences", false)) return;
  const Run forward = [&](Call& call) {
    runForward(call, in, call.output("output", test.type(), in.sizes, {}), nullptr, nullptr);
  };
  const auto objective = [&] {
    return productSum(test.reference(forward).result("output"), outputGradient);
  };
  const Call& analytic = test.reference(gradient);
  const GradientCheck check = {.step = 1e-5, .tolerance = 1e-7};
  test.checkGradient("dy/dinput", in.input, analytic.result("input_gradient"), objective, check);
  test.checkGradient("dy/dscale", in.scale, analytic.result("scale_gradient"), objective, check);
  test.checkGradient("dy/dshift", in.shift, analytic.result("shift_gradient"), objective, check);
}

}  // namespace vk::cases
