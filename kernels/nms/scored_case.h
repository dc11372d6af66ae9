// Seeded scores and classes for the cases of operations that choose among boxes.
#pragma once

#include "box_iou/box_case.h"

namespace vk::cases {

/** Scores of one hundred values, so that some tie; the key steps= says another number. */
inline void drawScores(const CaseLine& line, SplitMix64 random, Buffer& scores) {
  const int64_t steps = line.integer("steps", 100);
  for (int64_t i = 0; i < scores.count(); ++i) {
    scores.set(i, static_cast<double>(random.below(steps)) / static_cast<double>(steps));
  }
}

/** Classes that lie far apart and on both sides of 0. */
inline void drawClasses(SplitMix64 random, int64_t classes, Buffer& to) {
  for (int64_t i = 0; i < to.count(); ++i) {
    to.set(i, static_cast<double>((random.below(classes) - classes / 2) * 1000003));
  }
}

/** n boxes with scores, and of that many classes= where there are some; spoil= says what hostile=
 * spoils. */
struct ScoredBoxes {
  int64_t n;
  Buffer& boxes;
  Buffer& scores;
  Buffer none;
  Buffer& classes;

  explicit ScoredBoxes(Case& test)
      : n(test.line().integer("n", 1)),
        boxes(boxInput(test, "boxes", n)),
        scores(test.input("scores", test.type(), {n})),
        classes(test.line().integer("classes", 0) > 0 ? test.input("classes", VK_I64, {n}) : none) {
    const CaseLine& line = test.line();
    drawScores(line, SplitMix64(line.seed(), "scores"), scores);
    if (classes.present()) {
      drawClasses(SplitMix64(line.seed(), "classes"), line.integer("classes", 0), classes);
    }
    test.spoil(line.word("spoil", "boxes") == "scores" ? scores : boxes);
  }
};

}  // namespace vk::cases
