#include <cmath>

#include "cases/case.h"
#include "voxkern/sampling.h"

namespace vk::cases {
namespace {

template <class Enum>
Enum chosen(const CaseLine& line, const char* key, const std::vector<std::string>& words) {
  const std::string word = line.word(key, words[0]);
  for (size_t k = 0; k < words.size(); ++k) {
    if (word == words[k]) return static_cast<Enum>(k);
  }
  throw CaseFailed{std::string(key) + " cannot be " + word};
}

struct Resizing {
  Case& test;
  vk_resize_params params{};
  Sizes input, output;

  explicit Resizing(Case& aTest) : test(aTest) {
    const CaseLine& line = test.line();
    params.struct_size = sizeof params;
    params.mode = chosen<vk_sampling_mode>(line, "mode", {"nearest", "linear", "cubic"});
    params.coordinates = chosen<vk_resize_coordinates>(
        line, "coordinates", {"half", "symmetric", "pytorch", "align", "asymmetric", "crop"});
    params.nearest = chosen<vk_resize_nearest>(line, "nearest",
                                               {"prefer_floor", "prefer_ceil", "floor", "ceil"});
    params.exclude_outside = line.flag("exclude", false) ? 1 : 0;
    params.antialias = line.flag("antialias", false) ? 1 : 0;
    params.cubic_coefficient = line.number("a", -0.75);
    params.extrapolation_value = line.number("extrapolation", 0);
    // In the order of a shape, x, y, z.
    const std::vector<double> scale = line.numbers("scale", 3, 0);
    const std::vector<double> begin = line.numbers("roi_begin", 3, 0);
    const std::vector<double> end = line.numbers("roi_end", 3, 1);
    for (size_t axis = 0; axis < 3; ++axis) {
      params.scale[axis] = scale[2 - axis];
      params.roi_begin[axis] = begin[2 - axis];
      params.roi_end[axis] = end[2 - axis];
    }
    input = {line.integer("n", 1), line.integer("channels", 1)};
    output = input;
    const Sizes from = line.sizes("shape");
    const Sizes to = line.sizes("to");
    input.insert(input.end(), from.begin(), from.end());
    output.insert(output.end(), to.begin(), to.end());
  }

  Bound bound() const {
    return params.mode == VK_SAMPLING_NEAREST ? Bound{} : Bound{.ofLargest = 2e-6};
  }

  Run forward(const Buffer& values) {
    return [this, &values](Call& call) {
      const vk_view* out = call.output("output", test.type(), output, bound());
      vk_plan plan{};
      call.ok(vk_resize_plan(call.context(), values.view(), &params, out, &plan));
      call.ok(vk_resize(call.context(), &plan, values.view(), &params, call.workspace(plan), out));
    };
  }
};

}  // namespace

void resizeCase(Case& test) {
  Resizing resizing(test);
  Buffer& input = test.uniform("input", resizing.input, -100, 100);
  test.spoil(input);
  test.run(resizing.forward(input));
  if (!test.line().flag("identity", false)) return;
  const Buffer& output = test.reference(resizing.forward(input)).result("output");
  for (int64_t i = 0; i < output.count(); ++i) {
    const bool same =
        output.get(i) == input.get(i) || (std::isnan(output.get(i)) && std::isnan(input.get(i)));
    test.expect(same, "element %lld: %g, expected %g", static_cast<long long>(i), output.get(i),
                input.get(i));
  }
}

void resize_gradientCase(Case& test) {
  Resizing resizing(test);
  // Whole numbers, so that nearest sums are exact.
  Buffer& upstream = test.integers("upstream", resizing.output, -8, 8);
  Buffer& input = test.uniform("input", resizing.input, -1, 1);
  test.spoil(upstream);
  const Run adjoint = [&](Call& call) {
    const vk_view* gradient =
        call.output("gradient", test.type(), resizing.input, resizing.bound());
    vk_plan plan{};
    call.ok(vk_resize_gradient_plan(call.context(), upstream.view(), &resizing.params, gradient,
                                    &plan));
    call.ok(vk_resize_gradient(call.context(), &plan, upstream.view(), &resizing.params,
                               call.workspace(plan), gradient));
  };
  test.run(adjoint);
  if (test.line().has("hostile") || test.line().has("expect")) return;
  const Run forward = resizing.forward(input);
  const Buffer& gradient = test.reference(adjoint).result("gradient");
  test.checkAdjoint(test.reference(forward).result("output"), upstream, input, gradient);
  if (!test.line().flag("differences", false)) return;
  test.checkGradient("dL/dinput", input, gradient,
                     [&] { return dot(test.reference(forward).result("output"), upstream); },
                     {.step = 1e-3, .tolerance = 1e-9});
}

}  // namespace vk::cases
