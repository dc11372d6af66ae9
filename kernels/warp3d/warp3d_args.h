// Argument checks that the warp and its gradients share.
#pragma once

#include "warp3d/warp3d.h"

namespace vk {

void checkWarp3dParams(const char* name, const vk_warp3d_params* params, Warp3dArgs* args);

/** Checks an image of rank 3, or 4 with channels in front, whose channels and size become those of
 * the moving image. */
void checkWarp3dImage(const char* name, const char* what, const vk_view& view, Warp3dArgs* args);

/** The domain is the spatial shape of `sampled` (warped or dL/dwarped), whose channels must be
 * those of the moving image; `points`, if present, make it a list. */
void checkWarp3dDomain(const char* name, const char* what, const vk_view& sampled,
                       const vk_view* points, bool hasChannels, Warp3dArgs* args);

/** Checks that the view has the domain's shape, with 3 in front if it holds vectors. */
void checkOnWarp3dDomain(const char* name, const char* what, const vk_view& view, bool isVector,
                         const Warp3dArgs& args);

void checkWarp3dDisplacement(const char* name, const vk_view* displacement, Warp3dArgs* args);

/** A mask over the domain. */
void checkWarp3dMask(const char* name, const char* what, const vk_view* mask, Warp3dArgs* args);

/** What every fast kernel refuses. */
Refusal warp3dCpuTakesInputs(const Warp3dArgs& args);
/** The same, and an element type that it does not interpolate. */
Refusal warp3dCpuAccepts(const Warp3dArgs& args);

}  // namespace vk
