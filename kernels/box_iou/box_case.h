// Seeded boxes for the cases of operations that take them; org.voxkern.cases.BoxInputs has the
// same.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "cases/case.h"
#include "voxkern/detection.h"

namespace vk::cases {

/** Fills (N, 2 dimensions) with boxes in [0, span]: nine in ten about one of `clusters` places, of
 * sizes from size_low to size_high. `exact` makes coordinates whole numbers, so that overlaps tie;
 * `degenerate` makes one box in ten flat or inverted. */
inline void drawBoxes(const CaseLine& line, SplitMix64 random, Buffer& boxes, int64_t count,
                      int64_t dimensions) {
  const double span = line.number("span", 100);
  const int64_t clusters = line.integer("clusters", 0);
  const double least = line.number("size_low", 5);
  const double most = line.number("size_high", 30);
  const double jitter = line.number("jitter", 0.15);
  const bool whole = line.flag("exact", false);
  const bool degenerate = line.flag("degenerate", false);
  std::vector<double> places;
  for (int64_t i = 0; i < clusters * dimensions; ++i) {
    places.push_back(random.uniform(0, span));
    places.push_back(random.uniform(least, most));
  }
  for (int64_t i = 0; i < count; ++i) {
    const int64_t cluster =
        clusters > 0 && random.uniform() < 0.9 ? random.below(clusters) : int64_t{-1};
    for (int64_t axis = 0; axis < dimensions; ++axis) {
      double centre = random.uniform(0, span);
      double size = random.uniform(least, most);
      if (cluster >= 0) {
        const size_t place = static_cast<size_t>(2 * (cluster * dimensions + axis));
        size = places[place + 1] * random.uniform(0.8, 1.25);
        centre = places[place] + places[place + 1] * random.uniform(-jitter, jitter);
      }
      double low = centre - size / 2, high = centre + size / 2;
      if (whole) {
        low = std::floor(low);
        high = std::floor(high);
      }
      if (degenerate && axis == 0) {
        const double kind = random.uniform();
        if (kind < 0.05) std::swap(low, high);
        if (kind > 0.95) high = low;
      }
      boxes.set(i * 2 * dimensions + axis, low);
      boxes.set(i * 2 * dimensions + dimensions + axis, high);
    }
  }
}

/** An input of `count` boxes; the key dims= says in how many dimensions. */
inline Buffer& boxInput(Case& test, const std::string& name, int64_t count) {
  const int64_t dimensions = test.line().integer("dims", 3);
  Buffer& boxes = test.input(name, test.type(), {count, 2 * dimensions});
  drawBoxes(test.line(), SplitMix64(test.line().seed(), name), boxes, count, dimensions);
  return boxes;
}

}  // namespace vk::cases
