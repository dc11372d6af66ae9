#include "cases/case.h"
#include "voxkern/tensor.h"

namespace vk::cases {
namespace {

/** Whole numbers of which one in 2 range + 1 is 0; zeros of both signs among them. */
Buffer& valuesOf(Case& test) {
  const int64_t range = test.line().integer("range", 1);
  Buffer& input = test.integers("input", test.line().sizes("shape"),
                                test.type() == VK_BOOL || test.type() == VK_U8 ? 0 : -range, range);
  if (test.type() == VK_F32 || test.type() == VK_F64) {
    for (int64_t i = 0; i < input.count(); i += 2) {
      if (input.get(i) == 0) input.set(i, -0.0);
    }
  }
  test.spoil(input);
  return input;
}

}  // namespace

void non_zero_countCase(Case& test) {
  const Buffer& input = valuesOf(test);
  test.run([&](Call& call) {
    double* result = call.value("count", {});
    vk_plan plan{};
    int64_t count = -1;
    call.ok(vk_non_zero_count_plan(call.context(), input.view(), &plan));
    call.ok(vk_non_zero_count(call.context(), &plan, input.view(), call.workspace(plan), &count));
    *result = static_cast<double>(count);
  });
}

void non_zeroCase(Case& test) {
  const Buffer& input = valuesOf(test);
  const Sizes sizes = test.line().sizes("shape");
  int64_t count = test.line().integer("more", 0);
  for (int64_t i = 0; i < input.count(); ++i) count += input.get(i) != 0 ? 1 : 0;
  test.run([&](Call& call) {
    const vk_view* indices =
        call.output("indices", VK_I64, {static_cast<int64_t>(sizes.size()), count}, {});
    vk_plan plan{};
    call.ok(vk_non_zero_plan(call.context(), input.view(), indices, &plan));
    call.ok(vk_non_zero(call.context(), &plan, input.view(), call.workspace(plan), indices));
  });
}

}  // namespace vk::cases
