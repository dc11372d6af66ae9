#include "compose/field_case.h"
#include "voxkern/registration.h"

namespace vk::cases {

void composeCase(Case& test) {
  const Sizes shape = test.line().sizes("shape");
  const Sizes firstShape = test.line().has("first") ? test.line().sizes("first") : Sizes(shape);
  const double amount = test.line().number("amount", 2);
  const double cell = test.line().number("cell", 3);
  const std::string field = test.line().word("field", "smooth");
  const double firstAmount = field == "identity-first" ? 0 : amount;
  const double secondAmount = field == "identity-second" ? 0 : amount;
  Buffer& first = test.smooth("first", fieldSizes(firstShape), cell, -firstAmount, firstAmount);
  Buffer& second = test.smooth("second", fieldSizes(shape), cell, -secondAmount, secondAmount);
  const std::string spoiled = test.line().word("spoil", "second");
  test.spoil(spoiled == "first" ? first : second);
  vk_compose_params params{sizeof(vk_compose_params), VK_BORDER_CLAMP, {}, {}};
  const std::string border = test.line().word("border", "clamp");
  params.border = border == "constant" ? VK_BORDER_CONSTANT
                  : border == "mirror" ? VK_BORDER_MIRROR
                                       : VK_BORDER_CLAMP;
  setIndexMap(test, shape, params.index_map);
  setDisplacementMap(test.line(), params.displacement_map);
  // A position rounded across the edge of a constant border changes the whole value.
  const Bound bound{
      .relative = 2e-6, .ofLargest = 4e-6, .outliers = border == "constant" ? 1e-3 : 0};
  const Run compose = [&](Call& call) {
    const vk_view* composed = call.output("composed", test.type(), fieldSizes(shape), bound);
    vk_plan plan{};
    call.ok(vk_compose_plan(call.context(), first.view(), second.view(), &params, composed, &plan));
    call.ok(vk_compose(call.context(), &plan, first.view(), second.view(), &params, composed,
                       call.workspace(plan)));
  };
  test.run(compose);
  if (field == "smooth" || test.line().has("expect")) return;
  // A field composed with none is itself, where both lie on one grid.
  const std::string text = difference(test.reference(compose).result("composed"),
                                      field == "identity-first" ? second : first, {});
  test.expect(text.empty(), "composition with the identity: %s", text.c_str());
}

}  // namespace vk::cases
