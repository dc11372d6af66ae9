// How the gradient by the input is cut up.
#pragma once

#include "grid_sample/grid_sample.h"

namespace vk {

/** Positions that are looked up together on a processor without vectors; others take a multiple. */
constexpr int64_t kGridSampleFewest = 16;

/** The least slices, or rows, of the input that make one chunk, and the most chunks. */
constexpr int64_t kGridSampleThinnest = 8;
constexpr int64_t kGridSampleSlabs = 16;

/** 2 for z; 1 for y, where there are too few slices to share out. */
inline int gridSampleSlabAxis(const GridSampleArgs& args) {
  return args.axes == 3 && args.size[2] >= 2 * kGridSampleThinnest ? 2 : 1;
}

/** Slices or rows of one chunk. */
inline int64_t gridSampleSlab(const GridSampleArgs& args) {
  const int64_t slab = chunkCount(args.size[gridSampleSlabAxis(args)], kGridSampleSlabs);
  return slab < kGridSampleThinnest ? kGridSampleThinnest : slab;
}

}  // namespace vk
