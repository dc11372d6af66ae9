#include <cmath>

#include "cases/case.h"
#include "voxkern/tensor.h"

namespace vk::cases {
namespace {

const char* const kNames[] = {"sum", "mean", "max",        "min",     "product",
                              "l1",  "l2",   "sum_square", "log_sum", "log_sum_exp"};

struct Setup {
  vk_reduction reduction;
  Sizes sizes;
  uint32_t axes = 0;
  /** Of the output. */
  Sizes kept;
  Buffer* input;

  explicit Setup(Case& test) : sizes(test.line().sizes("shape")) {
    const CaseLine& line = test.line();
    const std::string name = line.word("reduction", "");
    size_t i = 0;
    while (i < std::size(kNames) && name != kNames[i]) ++i;
    // One behind the last must be refused.
    reduction = static_cast<vk_reduction>(i);
    // axes=02: the axes 0 and 2, slowest first.
    for (const char digit : line.word("axes", "")) axes |= 1u << (digit - '0');
    const bool keeps = line.flag("keep", true);
    for (size_t axis = 0; axis < sizes.size(); ++axis) {
      if ((axes >> axis & 1u) == 0) {
        kept.push_back(sizes[axis]);
      } else if (keeps) {
        kept.push_back(1);
      }
    }
    const double from = line.number("from", -3), to = line.number("to", 3);
    input = line.flag("whole", false) ? &test.integers("input", sizes, int64_t(from), int64_t(to))
                                      : &test.uniform("input", sizes, from, to);
    test.spoil(*input);
  }

  /** A sum of whole numbers below 2^24 is exact. */
  Bound bound(const CaseLine& line) const {
    if (line.flag("whole", false) && reduction <= VK_REDUCTION_L1) return {.relative = 6e-8};
    return {.relative = 3e-7, .absolute = reduction >= VK_REDUCTION_LOG_SUM ? 3e-7 : 1e-9};
  }
};

Run forward(const Setup& setup, Bound bound) {
  return [&setup, bound](Call& call) {
    const vk_view* output = call.output("output", setup.input->type(), setup.kept, bound);
    vk_plan plan{};
    call.ok(vk_reduce_plan(call.context(), setup.input->view(), setup.reduction, setup.axes, output,
                           &plan));
    call.ok(vk_reduce(call.context(), &plan, setup.input->view(), setup.reduction, setup.axes,
                      call.workspace(plan), output));
  };
}

}  // namespace

void reduceCase(Case& test) {
  const Setup setup(test);
  test.run(forward(setup, setup.bound(test.line())));
}

void reduce_gradientCase(Case& test) {
  const Setup setup(test);
  const Buffer& outputGradient = test.uniform("output gradient", setup.kept, -1, 1);
  // The output is an input here: what the reference gives.
  Buffer& output = test.input("output", test.type(), setup.kept);
  const Run value = forward(setup, {});
  if (test.line().word("expect", "ok") == "ok") {
    const Buffer& reduced = test.reference(value).result("output");
    for (int64_t i = 0; i < output.count(); ++i) output.set(i, reduced.get(i));
  }
  const Run gradient = [&](Call& call) {
    const vk_view* inputGradient = call.output("input gradient", test.type(), setup.sizes,
                                               {.relative = 2e-6, .absolute = 1e-9});
    vk_plan plan{};
    call.ok(vk_reduce_gradient_plan(call.context(), setup.input->view(), output.view(),
                                    outputGradient.view(), setup.reduction, setup.axes,
                                    inputGradient, &plan));
    call.ok(vk_reduce_gradient(call.context(), &plan, setup.input->view(), output.view(),
                               outputGradient.view(), setup.reduction, setup.axes,
                               call.workspace(plan), inputGradient));
  };
  test.run(gradient);
  if (!test.line().flag("differences", false)) return;
  test.checkGradient("d reduce", *setup.input, test.reference(gradient).result("input gradient"),
                     [&] { return dot(test.reference(value).result("output"), outputGradient); },
                     {.step = 1e-5, .tolerance = 1e-7});
}

}  // namespace vk::cases
