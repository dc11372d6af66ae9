#include "cases/case.h"
#include "voxkern/roi.h"

namespace vk::cases {
namespace {

vk_corner_side sideOf(const CaseLine& line) {
  const char* const names[] = {"left", "right", "top", "bottom", "front", "back"};
  const std::string word = line.word("side", "left");
  for (int i = 0; i < 6; ++i) {
    if (word == names[i]) return static_cast<vk_corner_side>(i);
  }
  return static_cast<vk_corner_side>(7);
}

Sizes sizesOf(const CaseLine& line) {
  const Sizes shape = line.sizes("shape");
  return {line.integer("n", 1), line.integer("c", 1), shape[0], shape[1], shape[2]};
}

/** All different, apart by more than a step of a difference, where the line wants it so. */
Buffer& inputOf(Case& test) {
  if (test.line().flag("ties", false)) {
    return test.integers("input", sizesOf(test.line()), -2, 2);
  }
  Buffer& input = test.uniform("input", sizesOf(test.line()), -1, 1);
  if (test.line().flag("distinct", false)) {
    const int64_t count = input.count();
    for (int64_t i = 0; i < count; ++i) input.set(i, static_cast<double>(i * 7919 % count));
  }
  return input;
}

Run forward(vk_corner_side side, const Buffer& input, const Sizes& sizes, vk_element_type type) {
  return [side, &input, sizes, type](Call& call) {
    const vk_view* output = call.output("output", type, sizes, {});
    vk_plan plan{};
    call.ok(vk_corner_pool_plan(call.context(), input.view(), side, output, &plan));
    call.ok(
        vk_corner_pool(call.context(), &plan, input.view(), side, call.workspace(plan), output));
  };
}

}  // namespace

void corner_poolCase(Case& test) {
  Buffer& input = inputOf(test);
  test.spoil(input);
  test.run(forward(sideOf(test.line()), input, sizesOf(test.line()), test.type()));
}

void corner_pool_gradientCase(Case& test) {
  const CaseLine& line = test.line();
  const vk_corner_side side = sideOf(line);
  const Sizes sizes = sizesOf(line);
  Buffer& input = inputOf(test);
  test.spoil(input);
  // Sums of small whole numbers are exact.
  Buffer& upstream = test.integers("upstream", sizes, -9, 9);
  const Run gradient = [&](Call& call) {
    const vk_view* out = call.output("gradient", test.type(), sizes, {});
    vk_plan plan{};
    call.ok(vk_corner_pool_gradient_plan(call.context(), input.view(), upstream.view(), side, out,
                                         &plan));
    call.ok(vk_corner_pool_gradient(call.context(), &plan, input.view(), upstream.view(), side,
                                    call.workspace(plan), out));
  };
  test.run(gradient);

  if (line.flag("differences", false)) {
    const Call& analytic = test.reference(gradient);
    const Run pooled = forward(side, input, sizes, test.type());
    test.checkGradient("d<corner_pool, upstream>/dinput", input, analytic.result("gradient"), [&] {
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
