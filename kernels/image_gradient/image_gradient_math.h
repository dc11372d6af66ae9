// Finite differences along one axis, and their adjoint.
#pragma once

#include <cstdint>

#include "core/host_device.h"

namespace vk {

/** weight[0] * v(index[0]) + weight[1] * v(index[1]). */
struct DifferenceTaps {
  int64_t index[2];
  float weight[2];
};

/** Central inside, one-sided at the ends, zero along an axis of one voxel. */
VK_HD inline DifferenceTaps differenceTaps(int64_t i, int64_t size) {
  const int64_t below = i > 0 ? i - 1 : 0;
  const int64_t above = i + 1 < size ? i + 1 : size - 1;
  const float scale = above > below ? 1.0f / static_cast<float>(above - below) : 0.0f;
  return {{below, above}, {-scale, scale}};
}

/** Which differences hold voxel i, and with which weight: the transpose of differenceTaps. */
VK_HD inline DifferenceTaps differenceAdjointTaps(int64_t i, int64_t size) {
  if (size == 1) return {{0, 0}, {0, 0}};
  const bool first = i == 0;
  const bool last = i + 1 == size;
  const int64_t below = first ? 0 : i - 1;
  const int64_t above = last ? i : i + 1;
  const float belowWeight = first ? -1.0f : below == 0 ? 1.0f : 0.5f;
  const float aboveWeight = last ? 1.0f : above + 1 == size ? -1.0f : -0.5f;
  return {{below, above}, {belowWeight, aboveWeight}};
}

}  // namespace vk
