// How the gradient by the input is cut up.
#pragma once

#include "grid_sample/grid_sample.h"

namespace vk {

/** Slices, or rows, of the input that make one chunk. */
constexpr int64_t kGridSampleSlab = 8;
/** Positions that are looked up together on a processor without vectors; others take a multiple. */
constexpr int64_t kGridSampleFewest = 16;

/** 2 for z; 1 for y, where there are too few slices to share out. */
inline int gridSampleSlabAxis(const GridSampleArgs& args) {
  return args.axes == 3 && args.size[2] >= 2 * kGridSampleSlab ? 2 : 1;
}

}  // namespace vk
