#include <cmath>

#include "cases/case.h"
#include "voxkern/image.h"

namespace vk::cases {
namespace {

/** Labels in runs along x, as label maps have them. */
void paint(const Case& test, Buffer& labels, const std::string& name, double low, double high) {
  SplitMix64 random(test.line().seed(), name);
  double label = 0;
  for (int64_t i = 0, left = 0; i < labels.count(); ++i, --left) {
    if (left == 0) {
      label = std::floor(random.uniform(low, high + 1));
      left = 1 + random.below(test.line().integer("run", 40));
    }
    labels.set(i, label);
  }
}

}  // namespace

void label_overlapCase(Case& test) {
  const Sizes sizes = test.line().sizes("shape");
  const double low = test.line().number("low", 0);
  const double high = test.line().number("high", 5);
  const int64_t first = test.line().integer("first", 0);
  const int64_t count = test.line().integer("labels", 8);
  const vk_element_type typeB = elementTypeNamed(test.line().word("other", "u8"));
  Buffer& a = test.input("a", test.type(), sizes);
  Buffer& b = test.input("b", typeB, sizes);
  paint(test, a, "a", low, high);
  paint(test, b, "b", low, high);
  test.spoil(a);
  const Run overlap = [&](Call& call) {
    const vk_view* counts = call.output("counts", VK_I64, {3, count}, {});
    double* rest = call.values("rest", 2, {});
    vk_label_overlap_rest left{};
    vk_plan plan{};
    call.ok(vk_label_overlap_plan(call.context(), a.view(), b.view(), first, counts, &plan));
    call.ok(vk_label_overlap(call.context(), &plan, a.view(), b.view(), first, call.workspace(plan),
                             counts, &left));
    rest[0] = static_cast<double>(left.outside);
    rest[1] = static_cast<double>(left.not_whole);
  };
  test.run(overlap);
}

}  // namespace vk::cases
