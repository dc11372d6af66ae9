#include "pool/pool_case.h"

namespace vk::cases {
namespace {

/** Away from 0, where the gradient jumps with p = 1. */
Buffer& inputOf(Case& test, const PoolCase& pool) {
  Buffer& input = test.uniform("input", pool.input, 0.1, 2);
  Buffer& signs = test.integers("signs", pool.input, 0, 1);
  for (int64_t i = 0; i < input.count(); ++i) {
    if (signs.get(i) == 0) input.set(i, -input.get(i));
  }
  return input;
}

Run forward(const PoolCase& pool, double p, const Buffer& input, vk_element_type type) {
  return [&pool, p, &input, type](Call& call) {
    const vk_view* output = call.output("output", type, pool.output, {.relative = 4e-6});
    vk_plan plan{};
    call.ok(vk_lp_pool_plan(call.context(), input.view(), &pool.window, p, output, &plan));
    call.ok(vk_lp_pool(call.context(), &plan, input.view(), &pool.window, p, call.workspace(plan),
                       output));
  };
}

}  // namespace

void lp_poolCase(Case& test) {
  const PoolCase pool(test.line());
  const double p = test.line().number("p", 2);
  Buffer& input = inputOf(test, pool);
  test.spoil(input);
  test.run(forward(pool, p, input, test.type()));
}

void lp_pool_gradientCase(Case& test) {
  const CaseLine& line = test.line();
  const PoolCase pool(line);
  const double p = line.number("p", 2);
  Buffer& input = inputOf(test, pool);
  test.spoil(input);
  Buffer& output = test.input("output", test.type(), pool.output);
  if (!line.has("expect")) {
    const Call& pooled = test.reference(forward(pool, p, input, test.type()));
    for (int64_t i = 0; i < output.count(); ++i) output.set(i, pooled.result("output").get(i));
  }
  Buffer& upstream = test.uniform("upstream", pool.output, -1, 1);
  const Run gradient = [&](Call& call) {
    const vk_view* out = call.output("gradient", test.type(), pool.input, {.ofLargest = 4e-6});
    vk_plan plan{};
    call.ok(vk_lp_pool_gradient_plan(call.context(), input.view(), output.view(), upstream.view(),
                                     &pool.window, p, out, &plan));
    call.ok(vk_lp_pool_gradient(call.context(), &plan, input.view(), output.view(), upstream.view(),
                                &pool.window, p, call.workspace(plan), out));
  };
  test.run(gradient);

  if (line.flag("differences", false)) {
    const Call& analytic = test.reference(gradient);
    const Run pooled = forward(pool, p, input, test.type());
    test.checkGradient("d<lp_pool, upstream>/dinput", input, analytic.result("gradient"), [&] {
      const Call& call = test.reference(pooled);
      double sum = 0;
      for (int64_t i = 0; i < upstream.count(); ++i) {
        sum += upstream.get(i) * call.result("output").get(i);
      }
      return sum;
    });
  }
}

}  // namespace vk::cases
