#include "pool/pool_case.h"
#include "voxkern/pooling.h"

namespace vk::cases {
namespace {

/** All different, apart by more than a step of a difference, unless the line wants ties. */
Buffer& inputOf(Case& test, const PoolCase& pool) {
  const CaseLine& line = test.line();
  if (line.flag("ties", false)) return test.integers("input", pool.input, -2, 2);
  Buffer& input = test.uniform("input", pool.input, -1, 1);
  if (line.flag("distinct", false)) {
    // 7919 is a prime, so that this is a permutation.
    const int64_t count = input.count();
    for (int64_t i = 0; i < count; ++i) input.set(i, static_cast<double>(i * 7919 % count));
  }
  return input;
}

Run forward(const PoolCase& pool, const Buffer& input, vk_element_type type, bool wantsIndices) {
  return [&pool, &input, type, wantsIndices](Call& call) {
    const vk_view* output = call.output("output", type, pool.output, {});
    Buffer none;
    const vk_view* indices =
        wantsIndices ? call.output("indices", VK_I64, pool.output, {}) : none.view();
    vk_plan plan{};
    call.ok(vk_max_pool_plan(call.context(), input.view(), &pool.window, output, indices, &plan));
    call.ok(vk_max_pool(call.context(), &plan, input.view(), &pool.window, call.workspace(plan),
                        output, indices));
  };
}

}  // namespace

void max_poolCase(Case& test) {
  const PoolCase pool(test.line());
  Buffer& input = inputOf(test, pool);
  test.spoil(input);
  test.run(forward(pool, input, test.type(), test.line().flag("indices", false)));
}

void max_pool_gradientCase(Case& test) {
  const CaseLine& line = test.line();
  const PoolCase pool(line);
  Buffer& input = inputOf(test, pool);
  test.spoil(input);
  // Sums of small whole numbers are exact.
  Buffer& upstream = test.integers("upstream", pool.output, -9, 9);
  Buffer none;
  Buffer* indices = &none;
  if (line.flag("indices", false)) {
    indices = &test.input("indices", VK_I64, pool.output);
    if (!line.has("expect")) {
      const Call& found = test.reference(forward(pool, input, test.type(), true));
      for (int64_t i = 0; i < indices->count(); ++i) {
        indices->set(i, found.result("indices").get(i));
      }
    }
  }
  const bool givesInput = line.flag("input", !indices->present());
  const Run gradient = [&](Call& call) {
    const vk_view* in = givesInput ? input.view() : none.view();
    const vk_view* out = call.output("gradient", test.type(), pool.input, {});
    vk_plan plan{};
    call.ok(vk_max_pool_gradient_plan(call.context(), in, indices->view(), upstream.view(),
                                      &pool.window, out, &plan));
    call.ok(vk_max_pool_gradient(call.context(), &plan, in, indices->view(), upstream.view(),
                                 &pool.window, call.workspace(plan), out));
  };
  test.run(gradient);

  if (line.flag("differences", false)) {
    const Call& analytic = test.reference(gradient);
    const Run pooled = forward(pool, input, test.type(), false);
    test.checkGradient("d<max_pool, upstream>/dinput", input, analytic.result("gradient"), [&] {
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
