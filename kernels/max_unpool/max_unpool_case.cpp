#include <algorithm>
#include <cmath>

#include "cases/case.h"
#include "voxkern/pooling.h"

namespace vk::cases {
namespace {

struct UnpoolCase {
  Sizes pooled;
  Sizes unpooled;
  Buffer* indices;

  explicit UnpoolCase(Case& test) {
    const CaseLine& line = test.line();
    pooled = unpooled = {line.integer("n", 1), line.integer("c", 1)};
    int64_t voxels = 1, places = 1;
    for (const int64_t size : line.sizes("shape")) {
      pooled.push_back(size);
      voxels *= size;
    }
    for (const int64_t size : line.sizes("out")) {
      unpooled.push_back(size);
      places *= size;
    }
    indices = &test.input("indices", VK_I64, pooled);
    SplitMix64 random(line.seed(), "places");
    // Different places, or any, some of them nowhere.
    const bool distinct = line.flag("distinct", true);
    for (int64_t i = 0; i < indices->count(); ++i) {
      const int64_t place = distinct ? i % voxels * 7919 % std::max<int64_t>(places, 1)
                                     : random.below(places + 1) - 1;
      indices->set(i, static_cast<double>(place));
    }
    if (line.has("index") && indices->count() > 0) {
      indices->set(0, static_cast<double>(line.integer("index", 0)));
    }
  }
};

Run forward(const UnpoolCase& unpool, const Buffer& input, vk_element_type type) {
  return [&unpool, &input, type](Call& call) {
    const vk_view* output = call.output("output", type, unpool.unpooled, {});
    vk_plan plan{};
    call.ok(
        vk_max_unpool_plan(call.context(), input.view(), unpool.indices->view(), output, &plan));
    call.ok(vk_max_unpool(call.context(), &plan, input.view(), unpool.indices->view(),
                          call.workspace(plan), output));
  };
}

}  // namespace

void max_unpoolCase(Case& test) {
  const UnpoolCase unpool(test);
  Buffer& input = test.uniform("input", unpool.pooled, -1, 1);
  test.spoil(input);
  test.run(forward(unpool, input, test.type()));
}

void max_unpool_gradientCase(Case& test) {
  const CaseLine& line = test.line();
  const UnpoolCase unpool(test);
  Buffer& upstream = test.uniform("upstream", unpool.unpooled, -1, 1);
  test.spoil(upstream);
  const Run gradient = [&](Call& call) {
    const vk_view* out = call.output("gradient", test.type(), unpool.pooled, {});
    vk_plan plan{};
    call.ok(vk_max_unpool_gradient_plan(call.context(), unpool.indices->view(), upstream.view(),
                                        out, &plan));
    call.ok(vk_max_unpool_gradient(call.context(), &plan, unpool.indices->view(), upstream.view(),
                                   call.workspace(plan), out));
  };
  test.run(gradient);
  if (line.has("expect") || line.has("hostile") || !line.flag("distinct", true)) return;

  // The gradient is the transpose: <A input, upstream> = <input, A' upstream>.
  Buffer& input = test.uniform("input", unpool.pooled, -1, 1);
  const Run unpooled = forward(unpool, input, test.type());
  const Call& analytic = test.reference(gradient);
  test.checkAdjoint(test.reference(unpooled).result("output"), upstream, input,
                    analytic.result("gradient"));

  if (line.flag("differences", false)) {
    test.checkGradient("d<max_unpool, upstream>/dinput", input, analytic.result("gradient"),
                       [&] { return dot(test.reference(unpooled).result("output"), upstream); });
  }
}

}  // namespace vk::cases
