#pragma once

#include "core/parallel.h"
#include "registry/registry.h"
#include "voxkern/registration.h"

namespace vk {

/** Sizes in voxels, x fastest. */
struct Warp3dSize {
  int64_t x;
  int64_t y;
  int64_t z;
  int64_t count() const { return x * y * z; }
};

/** The arguments of the forward operation and of its gradients; what a call does not use is null.
 */
struct Warp3dArgs {
  vk_interpolation interpolation;
  vk_border border;
  double fillValue;
  double indexMap[12];
  double displacementMap[9];

  vk_element_type type;  // of moving, warped, upstream and the gradients
  int64_t channels;
  Warp3dSize movingSize;
  /** The output grid; for a list of points {N, 1, 1}. */
  Warp3dSize domainSize;

  const void* moving;
  const uint8_t* movingMask;
  vk_element_type displacementType;
  const void* displacement;
  vk_element_type pointsType;
  const void* points;

  void* warped;
  uint8_t* inside;

  /** dL/dwarped. */
  const void* upstream;
  /** Over the domain: where it is sampled, or where dL/dwarped counts. */
  const uint8_t* mask;
  /** dL/d(displacement) or dL/d(moving). */
  void* gradient;
  double* mapGradient;
};

void warp3dReference(const Warp3dArgs&, Context&, const Workspace&);
void warp3dGradientLinearReference(const Warp3dArgs&, Context&, const Workspace&);
void warp3dGradientFieldReference(const Warp3dArgs&, Context&, const Workspace&);
void warp3dGradientImageReference(const Warp3dArgs&, Context&, const Workspace&);

extern const SimdTable<Kernel<Warp3dArgs>> warp3dCpuTable;
extern const SimdTable<Kernel<Warp3dArgs>> warp3dGradientLinearCpuTable;
extern const SimdTable<Kernel<Warp3dArgs>> warp3dGradientFieldCpuTable;
extern const SimdTable<Kernel<Warp3dArgs>> warp3dGradientImageCpuTable;
int64_t warp3dGradientImageWorkspaceBytes(const Warp3dArgs&);

/** One chunk of work: the voxels [begin, end) of the same rows of some slices, one after the other,
 * or of the list of points, which is one row. */
struct Warp3dChunk {
  Range slices;
  Range rows;
  int64_t begin;
  int64_t end;
};

int64_t warp3dChunks(const Warp3dArgs&);
Warp3dChunk warp3dChunkAt(const Warp3dArgs&, int64_t chunk);

/** The fill value as the moving image's element type holds it: rounded and clamped to its range. */
void warp3dFillBits(const Warp3dArgs&, void* element);

}  // namespace vk
