// What the references of the warp and of its gradients share.
#pragma once

#include "warp3d/warp3d.h"

namespace vk {

/** One moving voxel that a sample reads, with its weight and the weight's derivative by p. */
struct Warp3dReferenceTap {
  int64_t offset;
  double weight;
  double slope[3];
};

double warp3dReferenceInput(vk_element_type type, const void* data, int64_t i);
/** Index position of voxel or point i of the domain. */
void warp3dReferenceDomainPoint(const Warp3dArgs& args, int64_t i, double point[3]);
/** Where in the moving image it falls. */
void warp3dReferencePosition(const Warp3dArgs& args, int64_t i, double position[3]);
bool warp3dReferenceSampled(const Warp3dArgs& args, const double position[3]);
void warp3dReferenceTaps(const Warp3dArgs& args, const double position[3],
                         Warp3dReferenceTap taps[64], int* count);

}  // namespace vk
