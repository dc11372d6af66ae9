#include "cases/case.h"
#include "voxkern/image.h"

namespace vk::cases {

void histogramCase(Case& test) {
  const Sizes sizes = test.line().sizes("shape");
  const double low = test.line().number("low", -100);
  const double high = test.line().number("high", 100);
  const double from = test.line().number("from", low);
  const double to = test.line().number("to", high);
  const int64_t bins = test.line().integer("bins", 32);
  Buffer& image = test.uniform("image", sizes, low, high);
  const Buffer& mask = test.mask("mask", sizes);
  test.spoil(image);
  const Run histogram = [&](Call& call) {
    const vk_view* counts = call.output("counts", VK_I64, {bins + 2}, {});
    vk_plan plan{};
    call.ok(vk_histogram_plan(call.context(), image.view(), mask.view(), from, to, counts, &plan));
    call.ok(vk_histogram(call.context(), &plan, image.view(), mask.view(), from, to,
                         call.workspace(plan), counts));
  };
  test.run(histogram);
}

}  // namespace vk::cases
