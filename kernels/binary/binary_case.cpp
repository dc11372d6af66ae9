#include "cases/case.h"
#include "voxkern/tensor.h"

namespace vk::cases {
namespace {

const char* const kNames[] = {"add",      "subtract",
                              "multiply", "divide",
                              "power",    "min",
                              "max",      "mod",
                              "fmod",     "where",
                              "equal",    "not_equal",
                              "less",     "less_or_equal",
                              "greater",  "greater_or_equal",
                              "and",      "or",
                              "xor"};

vk_binary_function functionOf(const CaseLine& line) {
  const std::string name = line.word("function", "");
  size_t i = 0;
  while (i < std::size(kNames) && name != kNames[i]) ++i;
  // One behind the last must be refused.
  return static_cast<vk_binary_function>(i);
}

/** Sizes that the shapes broadcast to, as NumPy has it; those of `a` where they do not. */
Sizes broadcastSizes(const Sizes& a, const Sizes& b) {
  const Sizes& longer = a.size() >= b.size() ? a : b;
  const Sizes& shorter = a.size() >= b.size() ? b : a;
  Sizes sizes = longer;
  for (size_t i = 0; i < shorter.size(); ++i) {
    int64_t& size = sizes[longer.size() - shorter.size() + i];
    if (size == 1) size = shorter[i];
  }
  return sizes;
}

/** The inputs of a line, the same for both functions. */
struct Inputs {
  vk_binary_function function;
  Sizes sizesA, sizesB, sizes;
  Buffer absent;
  Buffer* condition = nullptr;
  Buffer* a = nullptr;
  Buffer* b = nullptr;

  explicit Inputs(Case& test) {
    const CaseLine& line = test.line();
    function = functionOf(line);
    sizesA = line.sizes("shape");
    sizesB = line.has("other") ? line.sizes("other") : sizesA;
    sizes = broadcastSizes(sizesA, sizesB);
    a = &operand(test, "a", sizesA);
    b = &operand(test, "b", sizesB);
    test.spoil(*a);
    const bool chooses = function == VK_BINARY_WHERE || line.has("condition");
    condition = &absent;
    if (!chooses) return;
    const Sizes sizesOfCondition = line.has("condition") ? line.sizes("condition") : sizesA;
    sizes = broadcastSizes(sizes, sizesOfCondition);
    condition = &test.input("condition", VK_BOOL, sizesOfCondition);
    SplitMix64 random(line.seed(), "condition");
    for (int64_t i = 0; i < condition->count(); ++i) condition->set(i, random.uniform() < 0.5);
  }

  static Buffer& operand(Case& test, const char* name, const Sizes& sizes) {
    const double from = test.line().number("from", -3);
    const double to = test.line().number("to", 3);
    return test.line().flag("whole", false) ? test.integers(name, sizes, int64_t(from), int64_t(to))
                                            : test.uniform(name, sizes, from, to);
  }
};

Run forward(const Inputs& inputs, Bound bound) {
  return [&inputs, bound](Call& call) {
    const bool writesBool = inputs.function >= VK_BINARY_EQUAL;
    const vk_view* output =
        call.output("output", writesBool ? VK_BOOL : inputs.a->type(), inputs.sizes, bound);
    vk_plan plan{};
    call.ok(vk_binary_plan(call.context(), inputs.function, inputs.condition->view(),
                           inputs.a->view(), inputs.b->view(), output, &plan));
    call.ok(vk_binary(call.context(), &plan, inputs.function, inputs.condition->view(),
                      inputs.a->view(), inputs.b->view(), call.workspace(plan), output));
  };
}

}  // namespace

void binaryCase(Case& test) {
  const Inputs inputs(test);
  const bool rounds = inputs.function == VK_BINARY_POWER;
  const double rounding = test.type() == VK_F64 ? 5e-16 : 1.3e-7;
  test.run(forward(inputs, {.relative = rounds ? rounding : 0}));
}

void binary_gradientCase(Case& test) {
  const Inputs inputs(test);
  const Buffer& outputGradient = Inputs::operand(test, "output gradient", inputs.sizes);
  // wants=a or b: the other one is left out.
  const std::string wants = test.line().word("wants", "ab");
  // An f32 term of a sum is rounded, the sum is not: a bound that fits sums that cancel.
  const Bound bound{.relative = 5e-7, .ofLargest = 5e-7};
  const Run gradient = [&](Call& call) {
    const Buffer absent;
    const vk_view* const gradientA =
        wants == "b" ? absent.view()
                     : call.output("gradient of a", test.type(), inputs.sizesA, bound);
    const vk_view* const gradientB =
        wants == "a" ? absent.view()
                     : call.output("gradient of b", test.type(), inputs.sizesB, bound);
    vk_plan plan{};
    call.ok(vk_binary_gradient_plan(call.context(), inputs.function, inputs.condition->view(),
                                    inputs.a->view(), inputs.b->view(), outputGradient.view(),
                                    gradientA, gradientB, &plan));
    call.ok(vk_binary_gradient(call.context(), &plan, inputs.function, inputs.condition->view(),
                               inputs.a->view(), inputs.b->view(), outputGradient.view(),
                               call.workspace(plan), gradientA, gradientB));
  };
  test.run(gradient);
  if (!test.line().flag("differences", false)) return;
  const Run value = forward(inputs, {});
  const auto objective = [&] {
    return dot(test.reference(value).result("output"), outputGradient);
  };
  const Call& analytic = test.reference(gradient);
  test.checkGradient("d a", *inputs.a, analytic.result("gradient of a"), objective,
                     {.step = 1e-5, .tolerance = 1e-7});
  test.checkGradient("d b", *inputs.b, analytic.result("gradient of b"), objective,
                     {.step = 1e-5, .tolerance = 1e-7});
}

}  // namespace vk::cases
