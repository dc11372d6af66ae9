#include "box_iou/box_case.h"
#include "voxkern/detection.h"

namespace vk::cases {
namespace {

/** n anchors and m boxes: of those, three in four are an anchor moved by up to a tenth. */
struct AnchorsAndBoxes {
  int64_t n;
  Buffer& anchors;
  Buffer& boxes;

  explicit AnchorsAndBoxes(Case& test)
      : n(test.line().integer("n", 1)),
        anchors(boxInput(test, "anchors", n)),
        boxes(boxInput(test, "boxes", test.line().integer("m", 1))) {
    const CaseLine& line = test.line();
    SplitMix64 random(line.seed(), "near");
    const int64_t corners = 2 * line.integer("dims", 3);
    const double shift = line.flag("exact", false) ? 0 : line.number("size_low", 5) / 10;
    for (int64_t j = 0; j < line.integer("m", 1) && n > 0; ++j) {
      if (random.below(4) == 0) continue;
      const int64_t near = random.below(n);
      for (int64_t k = 0; k < corners; ++k) {
        boxes.set(j * corners + k, anchors.get(near * corners + k) + random.uniform(-shift, shift));
      }
    }
    test.spoil(line.word("spoil", "anchors") == "boxes" ? boxes : anchors);
  }
};

/** Matches and, unless overlaps=no, the overlaps. */
struct Matches {
  const vk_view* matches;
  const vk_view* overlaps;

  Matches(Case& test, Call& call, int64_t n)
      : matches(call.output("matches", VK_I64, {n}, {})),
        overlaps(test.line().flag("overlaps", true) ? call.output("overlaps", test.type(), {n}, {})
                                                    : nullptr) {}
};

}  // namespace

void box_matcherCase(Case& test) {
  const CaseLine& line = test.line();
  const AnchorsAndBoxes input(test);
  vk_box_matcher_params params{};
  params.struct_size = sizeof params;
  params.foreground = line.number("foreground", 0.5);
  params.background = line.number("background", 0.4);
  params.best_of_each_box = line.flag("best", true) ? 1 : 0;
  test.run([&](Call& call) {
    const Matches to(test, call, input.n);
    vk_plan plan{};
    call.ok(vk_box_matcher_plan(call.context(), input.anchors.view(), input.boxes.view(), &params,
                                to.matches, to.overlaps, &plan));
    call.ok(vk_box_matcher(call.context(), &plan, input.anchors.view(), input.boxes.view(), &params,
                           call.workspace(plan), to.matches, to.overlaps));
  });
}

void box_matcher_atssCase(Case& test) {
  const CaseLine& line = test.line();
  const AnchorsAndBoxes input(test);
  const Sizes levels = line.has("levels") ? line.sizes("levels") : Sizes{input.n};
  const auto levelCount = static_cast<int32_t>(levels.size());
  vk_box_matcher_atss_params params{};
  params.struct_size = sizeof params;
  params.candidates = static_cast<int32_t>(line.integer("candidates", 4));
  params.least_distance = line.number("inside", 0.01);
  test.run([&](Call& call) {
    const Matches to(test, call, input.n);
    vk_plan plan{};
    call.ok(vk_box_matcher_atss_plan(call.context(), input.anchors.view(), input.boxes.view(),
                                     levels.data(), levelCount, &params, to.matches, to.overlaps,
                                     &plan));
    call.ok(vk_box_matcher_atss(call.context(), &plan, input.anchors.view(), input.boxes.view(),
                                levels.data(), levelCount, &params, call.workspace(plan),
                                to.matches, to.overlaps));
  });
}

}  // namespace vk::cases
