#include <cmath>

#include "pool/pool_case.h"
#include "voxkern/pooling.h"

namespace vk::cases {
namespace {

struct Divisor {
  vk_pool_divisor kind;
  double given;

  explicit Divisor(const CaseLine& line) : given(line.number("given", 0)) {
    const std::string word = line.word("divisor", "inside");
    kind = word == "inside"   ? VK_POOL_DIVISOR_INSIDE
           : word == "padded" ? VK_POOL_DIVISOR_PADDED
           : word == "given"  ? VK_POOL_DIVISOR_GIVEN
                              : static_cast<vk_pool_divisor>(3);
  }
};

Run forward(const PoolCase& pool, const Divisor& divisor, const Buffer& input,
            vk_element_type type) {
  return [&pool, &divisor, &input, type](Call& call) {
    const vk_view* output = call.output("output", type, pool.output, {.ofLargest = 1e-6});
    vk_plan plan{};
    call.ok(vk_average_pool_plan(call.context(), input.view(), &pool.window, divisor.kind,
                                 divisor.given, output, &plan));
    call.ok(vk_average_pool(call.context(), &plan, input.view(), &pool.window, divisor.kind,
                            divisor.given, call.workspace(plan), output));
  };
}

}  // namespace

void average_poolCase(Case& test) {
  const PoolCase pool(test.line());
  const Divisor divisor(test.line());
  Buffer& input = test.uniform("input", pool.input, -1, 1);
  test.spoil(input);
  test.run(forward(pool, divisor, input, test.type()));
}

void average_pool_gradientCase(Case& test) {
  const CaseLine& line = test.line();
  const PoolCase pool(line);
  const Divisor divisor(line);
  Buffer& upstream = test.uniform("upstream", pool.output, -1, 1);
  test.spoil(upstream);
  const Run gradient = [&](Call& call) {
    const vk_view* out = call.output("gradient", test.type(), pool.input, {.ofLargest = 1e-6});
    vk_plan plan{};
    call.ok(vk_average_pool_gradient_plan(call.context(), upstream.view(), &pool.window,
                                          divisor.kind, divisor.given, out, &plan));
    call.ok(vk_average_pool_gradient(call.context(), &plan, upstream.view(), &pool.window,
                                     divisor.kind, divisor.given, call.workspace(plan), out));
  };
  test.run(gradient);
  if (line.has("expect") || line.has("hostile")) return;

  // The gradient is the transpose: <A input, upstream> = <input, A' upstream>.
  Buffer& input = test.uniform("input", pool.input, -1, 1);
  const Run pooled = forward(pool, divisor, input, test.type());
  const Call& analytic = test.reference(gradient);
  test.checkAdjoint(test.reference(pooled).result("output"), upstream, input,
                    analytic.result("gradient"));

  if (line.flag("differences", false)) {
    test.checkGradient("d<average_pool, upstream>/dinput", input, analytic.result("gradient"),
                       [&] { return dot(test.reference(pooled).result("output"), upstream); });
  }
}

}  // namespace vk::cases
