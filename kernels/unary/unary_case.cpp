#include <cmath>

#include "cases/case.h"
#include "voxkern/tensor.h"

namespace vk::cases {
namespace {

const char* const kNames[] = {
    "negate",     "absolute", "sign",  "floor",  "ceil",  "round", "sqrt",  "reciprocal_sqrt",
    "reciprocal", "exp",      "expm1", "log",    "log1p", "erf",   "sin",   "cos",
    "tan",        "asin",     "acos",  "atan",   "sinh",  "cosh",  "asinh", "acosh",
    "atanh",      "clip",     "not",   "is_nan", "is_inf"};

vk_unary_params paramsOf(const CaseLine& line) {
  const std::string name = line.word("function", "");
  vk_unary_params params{sizeof(vk_unary_params), VK_UNARY_NEGATE, line.number("low", -INFINITY),
                         line.number("high", INFINITY)};
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (name == kNames[i]) {
      params.function = static_cast<vk_unary_function>(i);
      return params;
    }
  }
  // One behind the last, which must be refused.
  params.function = static_cast<vk_unary_function>(std::size(kNames));
  return params;
}

Buffer& inputOf(Case& test) {
  const double from = test.line().number("from", -3);
  const double to = test.line().number("to", 3);
  const Sizes sizes = test.line().sizes("shape");
  // halves=yes: multiples of a half, where rounding and steps are decided.
  Buffer& input = test.line().flag("halves", false)
                      ? test.integers("input", sizes, int64_t(2 * from), int64_t(2 * to))
                      : test.uniform("input", sizes, from, to);
  if (test.line().flag("halves", false)) {
    for (int64_t i = 0; i < input.count(); ++i) input.set(i, input.get(i) / 2);
  }
  test.spoil(input);
  return input;
}

Run forward(const vk_unary_params& params, const Buffer& input, const Sizes& sizes, bool writesBool,
            Bound bound) {
  return [=, &params, &input](Call& call) {
    const vk_view* output =
        call.output("output", writesBool ? VK_BOOL : input.type(), sizes, bound);
    vk_plan plan{};
    call.ok(vk_unary_plan(call.context(), input.view(), &params, output, &plan));
    call.ok(vk_unary(call.context(), &plan, input.view(), &params, call.workspace(plan), output));
  };
}

}  // namespace

void unaryCase(Case& test) {
  const vk_unary_params params = paramsOf(test.line());
  Buffer& input = inputOf(test);
  const bool writesBool = params.function >= VK_UNARY_NOT;
  test.run(forward(params, input, test.line().sizes("shape"), writesBool,
                   {.relative = test.type() == VK_F64 ? 1e-15 : 4e-7, .absolute = 1e-38}));
}

void unary_gradientCase(Case& test) {
  const Sizes sizes = test.line().sizes("shape");
  const vk_unary_params params = paramsOf(test.line());
  Buffer& input = inputOf(test);
  const Buffer& outputGradient = test.uniform("output gradient", sizes, -1, 1);
  const Run gradient = [&](Call& call) {
    const vk_view* inputGradient =
        call.output("input gradient", test.type(), sizes, {.relative = 2e-6, .absolute = 1e-37});
    vk_plan plan{};
    call.ok(vk_unary_gradient_plan(call.context(), input.view(), outputGradient.view(), &params,
                                   inputGradient, &plan));
    call.ok(vk_unary_gradient(call.context(), &plan, input.view(), outputGradient.view(), &params,
                              call.workspace(plan), inputGradient));
  };
  test.run(gradient);
  if (!test.line().flag("differences", false)) return;
  const Run value = forward(params, input, sizes, false, {});
  test.checkGradient("d unary", input, test.reference(gradient).result("input gradient"),
                     [&] { return dot(test.reference(value).result("output"), outputGradient); },
                     {.step = 1e-5, .tolerance = 1e-7});
}

}  // namespace vk::cases
