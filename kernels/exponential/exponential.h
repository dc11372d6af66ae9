#pragma once

#include "registry/registry.h"
#include "voxkern/registration.h"

namespace vk {

/** Squarings beyond this would scale a velocity below what f32 can add to a position. */
constexpr int32_t kExponentialMostSteps = 20;

struct ExponentialArgs {
  /** x, y, z. */
  int64_t size[3];
  /** Row-major: index offsets out of mm. */
  double displacementMap[9];
  /** Negative: as many as bring the largest displacement to half a voxel. */
  int32_t steps;
  vk_element_type type;
  const void* velocity;
  void* displacement;
  /** How many squarings ran; may be null. */
  int32_t* stepsUsed;
};

struct ExponentialGradientArgs {
  int64_t size[3];
  double displacementMap[9];
  /** Not negative. */
  int32_t steps;
  vk_element_type type;
  const void* velocity;
  const void* displacementGradient;
  void* velocityGradient;
};

void exponentialReference(const ExponentialArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<ExponentialArgs>> exponentialCpuTable;
int64_t exponentialCpuWorkspaceBytes(const ExponentialArgs&);

void exponentialGradientReference(const ExponentialGradientArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<ExponentialGradientArgs>> exponentialGradientCpuTable;
int64_t exponentialGradientCpuWorkspaceBytes(const ExponentialGradientArgs&);

}  // namespace vk
