// How the gradient by the moving image is cut up.
#pragma once

#include "warp3d/warp3d.h"

namespace vk {

/** Samples of one row that are looked up together: short enough that a tilted row's piece reaches
 * few slices. */
constexpr int64_t kWarp3dPiece = 64;
/** Slices of the moving image that make one chunk. */
constexpr int64_t kWarp3dSlab = 8;

int64_t warp3dPieces(const Warp3dArgs& args);

}  // namespace vk
