#include <cmath>

#include "cases/case.h"
#include "voxkern/image.h"

namespace vk::cases {
namespace {

// The same bits on every backend, whatever the type; 16-bit floats are compared as their bits.
vk_element_type typeKey(const Case& test, const char* key, vk_element_type otherwise) {
  const std::string name = test.line().word(key, "");
  if (name == "f16") return VK_F16;
  if (name == "bf16") return VK_BF16;
  return name.empty() ? otherwise : elementTypeNamed(name);
}

}  // namespace

void convertCase(Case& test) {
  const Sizes sizes = test.line().sizes("shape");
  const vk_element_type from = typeKey(test, "from", VK_F32);
  const vk_element_type to = typeKey(test, "to", VK_F32);
  const double scale = test.line().number("scale", 1);
  const double offset = test.line().number("offset", 0);
  const double low = test.line().number("low", -300);
  const double high = test.line().number("high", 300);
  Buffer& input = test.input("input", from, sizes);
  SplitMix64 random(test.line().seed(), "input");
  const bool halves = test.line().flag("halves", false);
  for (int64_t i = 0; i < input.count(); ++i) {
    if (from == VK_F16 || from == VK_BF16) {
      input.as<uint16_t>()[i] = static_cast<uint16_t>(random.next());
      continue;
    }
    const double value = random.uniform(low, high);
    input.set(i, halves ? std::floor(value) + 0.5 : value);
  }
  test.spoil(input);
  const bool bits16 = to == VK_F16 || to == VK_BF16;
  const Run convert = [&](Call& call) {
    // A 16-bit float has the size of a u16, as which the runner can read it.
    const vk_view* output = call.output("output", bits16 ? VK_U16 : to, sizes, {});
    vk_view view = *output;
    if (bits16) view.type = to;
    vk_plan plan{};
    call.ok(vk_convert_plan(call.context(), input.view(), scale, offset, &view, &plan));
    call.ok(vk_convert(call.context(), &plan, input.view(), scale, offset, call.workspace(plan),
                       &view));
  };
  test.run(convert);
}

}  // namespace vk::cases
