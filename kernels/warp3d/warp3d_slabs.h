// How the gradient by the moving image is cut up.
#pragma once

#include "warp3d/warp3d.h"

namespace vk {

/** Samples of one row that are looked up together: short enough that a tilted row's piece reaches
 * few slices. */
constexpr int64_t kWarp3dPiece = 64;
/** Slices of the moving image that make one chunk: a sample that reaches two chunks is looked up
 * twice, so few chunks, but enough to share out. */
inline int64_t warp3dSlab(const Warp3dArgs& args) {
  constexpr int64_t kThinnest = 8;
  constexpr int64_t kMostSlabs = 16;
  const int64_t slab = chunkCount(args.movingSize.z, kMostSlabs);
  return slab < kThinnest ? kThinnest : slab;
}

int64_t warp3dPieces(const Warp3dArgs& args);

}  // namespace vk
