// What the cases of compose, exponential and invert share.
#pragma once

#include <cmath>
#include <vector>

#include "cases/case.h"

namespace vk::cases {

/** The key map=: index offsets out of mm, for a grid of spacing 1 x 1.25 x 2.5 mm. */
inline void setDisplacementMap(const CaseLine& line, double map[9]) {
  const std::string kind = line.word("map", "identity");
  const double spacing[3] = {1, 1.25, 2.5};
  for (int i = 0; i < 9; ++i) map[i] = i % 4 == 0 ? 1 : 0;
  if (kind == "anisotropic") {
    for (int axis = 0; axis < 3; ++axis) map[4 * axis] = 1 / spacing[axis];
  } else if (kind == "oblique") {
    const double c = std::cos(0.3), s = std::sin(0.3), e = std::cos(-0.5), f = std::sin(-0.5);
    const double direction[9] = {c, -s * e, s * f, s, c * e, -c * f, 0, f, e};
    // The inverse of direction times spacing.
    for (int i = 0; i < 9; ++i) map[i] = direction[3 * (i % 3) + i / 3] / spacing[i / 3];
  } else if (kind == "nan") {
    map[4] = NAN;
  } else if (kind != "identity") {
    throw CaseFailed{"map=" + kind + ": expected identity, anisotropic, oblique or nan"};
  }
}

/** The identity, or with affine=yes a map near it about the middle of `shape`. */
inline void setIndexMap(const Case& test, const Sizes& shape, double map[12]) {
  const bool affine = test.line().flag("affine", false);
  const std::vector<double> entries =
      test.affine("index_map", shape, affine ? 0.1 : 0, affine ? 1.5 : 0);
  for (size_t i = 0; i < 12; ++i) map[i] = entries[i];
}

inline Sizes fieldSizes(const Sizes& shape) { return {3, shape[0], shape[1], shape[2]}; }

}  // namespace vk::cases
