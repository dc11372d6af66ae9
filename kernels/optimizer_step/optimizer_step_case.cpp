#include "cases/case.h"
#include "voxkern/training.h"

namespace vk::cases {
namespace {

/** What a step reads. */
struct Training {
  explicit Training(Case& test)
      : sizes(test.line().sizes("shape")),
        parameter(test.uniform("parameter", sizes, -1, 1)),
        gradient(test.uniform("gradient", sizes, -1, 1)) {
    test.spoil(gradient);
  }

  Sizes sizes;
  Buffer& parameter;
  Buffer& gradient;
};

/** A tensor that the operation changes. */
const vk_view* changed(Call& call, const Sizes& sizes, const Buffer& before) {
  const vk_view* view =
      call.output(before.name(), before.type(), sizes, {.relative = 2e-7, .ofLargest = 3e-7});
  call.fill(view, before);
  return view;
}

}  // namespace

void optimizer_step_sgdCase(Case& test) {
  const CaseLine& line = test.line();
  const Training in(test);
  const vk_optimizer_step_sgd_params params = {sizeof(vk_optimizer_step_sgd_params),
                                               line.flag("nesterov", false) ? 1 : 0,
                                               line.number("rate", 0.1),
                                               line.number("momentum", 0.9),
                                               line.number("dampening", 0),
                                               line.number("decay", 0),
                                               line.integer("step", 3)};
  const Buffer& velocity = test.uniform("velocity", in.sizes, -1, 1);
  test.run([&](Call& call) {
    const vk_view* w = changed(call, in.sizes, in.parameter);
    const vk_view* v = params.momentum != 0 ? changed(call, in.sizes, velocity) : nullptr;
    vk_plan plan{};
    call.ok(vk_optimizer_step_sgd_plan(call.context(), in.gradient.view(), &params, w, v, &plan));
    call.ok(vk_optimizer_step_sgd(call.context(), &plan, in.gradient.view(), &params,
                                  call.workspace(plan), w, v));
  });
}

void optimizer_step_adamCase(Case& test) {
  const CaseLine& line = test.line();
  const Training in(test);
  const vk_optimizer_step_adam_params params = {sizeof(vk_optimizer_step_adam_params),
                                                line.flag("decoupled", false) ? 1 : 0,
                                                line.number("rate", 0.1),
                                                line.number("beta1", 0.9),
                                                line.number("beta2", 0.999),
                                                line.number("epsilon", 1e-8),
                                                line.number("decay", 0),
                                                line.integer("step", 3)};
  const Buffer& mean = test.uniform("mean", in.sizes, -1, 1);
  const Buffer& square = test.uniform("square", in.sizes, 0, 1);
  test.run([&](Call& call) {
    const vk_view* w = changed(call, in.sizes, in.parameter);
    const vk_view* m = changed(call, in.sizes, mean);
    const vk_view* s = changed(call, in.sizes, square);
    vk_plan plan{};
    call.ok(
        vk_optimizer_step_adam_plan(call.context(), in.gradient.view(), &params, w, m, s, &plan));
    call.ok(vk_optimizer_step_adam(call.context(), &plan, in.gradient.view(), &params,
                                   call.workspace(plan), w, m, s));
  });
}

}  // namespace vk::cases
