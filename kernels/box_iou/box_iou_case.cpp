#include "box_iou/box_case.h"
#include "voxkern/detection.h"

namespace vk::cases {
namespace {

vk_box_overlap kindOf(const CaseLine& line) {
  const std::string kind = line.word("kind", "iou");
  return kind == "iou"    ? VK_BOX_IOU
         : kind == "giou" ? VK_BOX_GIOU
         : kind == "diou" ? VK_BOX_DIOU
                          : static_cast<vk_box_overlap>(3);
}

constexpr Bound kBound{.absolute = 1e-6};

struct Pairs {
  Buffer& a;
  Buffer& b;
  vk_box_overlap kind;
  int64_t n;

  explicit Pairs(Case& test)
      : a(boxInput(test, "a", test.line().integer("n", 1))),
        b(boxInput(test, "b", test.line().integer("n", 1))),
        kind(kindOf(test.line())),
        n(test.line().integer("n", 1)) {
    test.spoil(b);
  }

  Run overlap(Case& test) const {
    return [this, &test](Call& call) {
      const vk_view* overlap = call.output("overlap", test.type(), {n}, kBound);
      vk_plan plan{};
      call.ok(vk_box_iou_paired_plan(call.context(), a.view(), b.view(), kind, overlap, &plan));
      call.ok(vk_box_iou_paired(call.context(), &plan, a.view(), b.view(), kind,
                                call.workspace(plan), overlap));
    };
  }
};

}  // namespace

void box_iouCase(Case& test) {
  const int64_t n = test.line().integer("n", 1), m = test.line().integer("m", 1);
  Buffer& a = boxInput(test, "a", n);
  Buffer& b = boxInput(test, "b", m);
  test.spoil(b);
  const vk_box_overlap kind = kindOf(test.line());
  test.run([&](Call& call) {
    const vk_view* overlap = call.output("overlap", test.type(), {n, m}, kBound);
    vk_plan plan{};
    call.ok(vk_box_iou_plan(call.context(), a.view(), b.view(), kind, overlap, &plan));
    call.ok(
        vk_box_iou(call.context(), &plan, a.view(), b.view(), kind, call.workspace(plan), overlap));
  });
}

void box_iou_pairedCase(Case& test) {
  const Pairs pairs(test);
  test.run(pairs.overlap(test));
}

void box_iou_gradientCase(Case& test) {
  const Pairs pairs(test);
  const Buffer& weights = test.uniform("gradient_overlap", {pairs.n}, -1, 1);
  const bool onlyB = test.line().flag("only_b", false);
  const Run gradient = [&](Call& call) {
    const Sizes sizes = {pairs.n, 2 * test.line().integer("dims", 3)};
    const vk_view* toA =
        onlyB ? nullptr : call.output("gradient_a", test.type(), sizes, {.relative = 1e-6});
    const vk_view* toB = call.output("gradient_b", test.type(), sizes, {.relative = 1e-6});
    vk_plan plan{};
    call.ok(vk_box_iou_gradient_plan(call.context(), pairs.a.view(), pairs.b.view(), pairs.kind,
                                     weights.view(), toA, toB, &plan));
    call.ok(vk_box_iou_gradient(call.context(), &plan, pairs.a.view(), pairs.b.view(), pairs.kind,
                                weights.view(), call.workspace(plan), toA, toB));
  };
  test.run(gradient);
  if (test.line().flag("differences", false)) {
    const Call& analytic = test.reference(gradient);
    const auto objective = [&] {
      const Buffer& overlap = test.reference(pairs.overlap(test)).result("overlap");
      double sum = 0;
      for (int64_t i = 0; i < pairs.n; ++i) sum += weights.get(i) * overlap.get(i);
      return sum;
    };
    const GradientCheck check{.step = 1e-5, .tolerance = 1e-7, .samples = 200};
    test.checkGradient("doverlap/da", pairs.a, analytic.result("gradient_a"), objective, check);
    test.checkGradient("doverlap/db", pairs.b, analytic.result("gradient_b"), objective, check);
  }
}

}  // namespace vk::cases
