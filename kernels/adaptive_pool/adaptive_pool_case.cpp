#include <cmath>

#include "cases/case.h"
#include "voxkern/pooling.h"

namespace vk::cases {
namespace {

struct AdaptiveCase {
  vk_adaptive_mode mode;
  Sizes input;
  Sizes output;

  explicit AdaptiveCase(const CaseLine& line) {
    mode = line.word("mode", "average") == "max" ? VK_ADAPTIVE_MAX : VK_ADAPTIVE_AVERAGE;
    input = output = {line.integer("n", 1), line.integer("c", 1)};
    for (const int64_t size : line.sizes("shape")) input.push_back(size);
    for (const int64_t size : line.sizes("out")) output.push_back(size);
  }
};

/** All different, apart by more than a step of a difference, where the line wants it so. */
Buffer& inputOf(Case& test, const AdaptiveCase& pool) {
  if (test.line().flag("ties", false)) return test.integers("input", pool.input, -2, 2);
  Buffer& input = test.uniform("input", pool.input, -1, 1);
  if (test.line().flag("distinct", false)) {
    const int64_t count = input.count();
    for (int64_t i = 0; i < count; ++i) input.set(i, static_cast<double>(i * 7919 % count));
  }
  return input;
}

Run forward(const AdaptiveCase& pool, const Buffer& input, vk_element_type type,
            bool wantsIndices) {
  return [&pool, &input, type, wantsIndices](Call& call) {
    // A maximum is exact; a mean may be much smaller than the values, which are up to 1.
    const Bound bound =
        pool.mode == VK_ADAPTIVE_MAX ? Bound{} : Bound{.absolute = 1e-7, .ofLargest = 1e-6};
    const vk_view* output = call.output("output", type, pool.output, bound);
    Buffer none;
    const vk_view* indices =
        wantsIndices ? call.output("indices", VK_I64, pool.output, {}) : none.view();
    vk_plan plan{};
    call.ok(vk_adaptive_pool_plan(call.context(), input.view(), pool.mode, output, indices, &plan));
    call.ok(vk_adaptive_pool(call.context(), &plan, input.view(), pool.mode, call.workspace(plan),
                             output, indices));
  };
}

}  // namespace

void adaptive_poolCase(Case& test) {
  const AdaptiveCase pool(test.line());
  Buffer& input = inputOf(test, pool);
  test.spoil(input);
  test.run(forward(pool, input, test.type(), test.line().flag("indices", false)));
}

void adaptive_pool_gradientCase(Case& test) {
  const CaseLine& line = test.line();
  const AdaptiveCase pool(line);
  const bool maximum = pool.mode == VK_ADAPTIVE_MAX;
  Buffer& input = inputOf(test, pool);
  Buffer& upstream = test.integers("upstream", pool.output, -9, 9);
  test.spoil(upstream);
  Buffer none;
  Buffer* indices = &none;
  if (line.flag("indices", maximum)) {
    indices = &test.input("indices", VK_I64, pool.output);
    if (!line.has("expect")) {
      const Call& found = test.reference(forward(pool, input, test.type(), true));
      for (int64_t i = 0; i < indices->count(); ++i) {
        indices->set(i, found.result("indices").get(i));
      }
    }
  }
  const Run gradient = [&](Call& call) {
    const vk_view* out = call.output("gradient", test.type(), pool.input, {.ofLargest = 1e-6});
    vk_plan plan{};
    call.ok(vk_adaptive_pool_gradient_plan(call.context(), pool.mode, indices->view(),
                                           upstream.view(), out, &plan));
    call.ok(vk_adaptive_pool_gradient(call.context(), &plan, pool.mode, indices->view(),
                                      upstream.view(), call.workspace(plan), out));
  };
  test.run(gradient);
  if (line.has("expect") || line.has("hostile")) return;

  // The gradient is the transpose, of the maximum at where it was found.
  const Run pooled = forward(pool, input, test.type(), false);
  const Call& analytic = test.reference(gradient);
  test.checkAdjoint(test.reference(pooled).result("output"), upstream, input,
                    analytic.result("gradient"));

  if (line.flag("differences", false)) {
    test.checkGradient("d<adaptive_pool, upstream>/dinput", input, analytic.result("gradient"),
                       [&] { return dot(test.reference(pooled).result("output"), upstream); });
  }
}

}  // namespace vk::cases
