#include <cmath>
#include <cstring>

#include "cases/case.h"
#include "voxkern/tensor.h"

namespace vk::cases {
namespace {

const char* const kModes[] = {"constant", "edge", "reflect", "symmetric", "wrap"};

struct Setup {
  Sizes sizes, padded;
  vk_pad_params params{};

  explicit Setup(const Case& test) : sizes(test.line().sizes("shape")) {
    const CaseLine& line = test.line();
    params.struct_size = sizeof params;
    const std::string name = line.word("mode", "");
    size_t mode = 0;
    while (mode < std::size(kModes) && name != kModes[mode]) ++mode;
    // One behind the last must be refused.
    params.mode = static_cast<vk_pad_mode>(mode);
    // One number stands for all axes; slowest first.
    const std::vector<double> begin = line.numbers("begin", sizes.size(), 0);
    const std::vector<double> end = line.numbers("end", sizes.size(), 0);
    for (size_t i = 0; i < sizes.size(); ++i) {
      params.begin[i] = int64_t(begin[i]);
      params.end[i] = int64_t(end[i]);
      padded.push_back(std::max<int64_t>(0, sizes[i] + params.begin[i] + params.end[i]));
    }
    setFill(test.type(), line.number("fill", 0));
  }

  void setFill(vk_element_type type, double value) {
    Buffer one("fill", type, {1}, sizeOf(type), 0);
    one.set(0, value);
    std::memcpy(&params.fill_bits, one.as<void>(), static_cast<size_t>(one.bytes()));
  }
};

Run forward(const Setup& setup, const Buffer& input) {
  return [&setup, &input](Call& call) {
    const vk_view* output = call.output("output", input.type(), setup.padded, {});
    vk_plan plan{};
    call.ok(vk_pad_plan(call.context(), input.view(), &setup.params, output, &plan));
    call.ok(
        vk_pad(call.context(), &plan, input.view(), &setup.params, call.workspace(plan), output));
  };
}

}  // namespace

void padCase(Case& test) {
  const Setup setup(test);
  Buffer& input = test.integers("input", setup.sizes, 1, 100);
  test.spoil(input);
  test.run(forward(setup, input));
}

void pad_gradientCase(Case& test) {
  const Setup setup(test);
  const bool whole = test.line().flag("whole", false);
  Buffer& outputGradient = whole ? test.integers("output gradient", setup.padded, -9, 9)
                                 : test.uniform("output gradient", setup.padded, -1, 1);
  const Run gradient = [&](Call& call) {
    const vk_view* inputGradient =
        call.output("input gradient", test.type(), setup.sizes, {.ofLargest = whole ? 0 : 1e-6});
    vk_plan plan{};
    call.ok(vk_pad_gradient_plan(call.context(), outputGradient.view(), &setup.params,
                                 inputGradient, &plan));
    call.ok(vk_pad_gradient(call.context(), &plan, outputGradient.view(), &setup.params,
                            call.workspace(plan), inputGradient));
  };
  test.run(gradient);
  if (test.type() != VK_F64) return;
  // The gradient is the transposed map of a padding with zeros for the constant.
  Setup linear = setup;
  linear.setFill(test.type(), 0);
  Buffer& input = test.uniform("input", setup.sizes, -1, 1);
  const Buffer& back = test.reference(gradient).result("input gradient");
  test.checkAdjoint(test.reference(forward(linear, input)).result("output"), outputGradient, input,
                    back);
  if (!test.line().flag("differences", false)) return;
  test.checkGradient(
      "d pad", input, back,
      [&] { return dot(test.reference(forward(linear, input)).result("output"), outputGradient); },
      {.step = 1e-3, .tolerance = 1e-9});
}

}  // namespace vk::cases
