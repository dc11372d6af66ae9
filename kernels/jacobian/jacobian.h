#pragma once

#include "registry/registry.h"
#include "voxkern/registration.h"

namespace vk {

struct JacobianArgs {
  /** x, y, z. */
  int64_t size[3];
  /** Row-major: derivatives by mm out of derivatives by index. */
  double gradientMap[9];
  vk_element_type type;
  const void* displacement;
  /** Non-zero where a voxel counts in the statistics; null when every voxel does. */
  const uint8_t* mask;
  /** Null when not wanted. */
  void* determinant;
  vk_jacobian_statistics* statistics;
};

struct JacobianPenaltyArgs {
  int64_t size[3];
  double gradientMap[9];
  double leastDeterminant;
  vk_element_type type;
  const void* displacement;
  const uint8_t* mask;
  /** dvalue/ddisplacement; null when not wanted. */
  void* gradient;
  double* value;
};

void jacobianReference(const JacobianArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<JacobianArgs>> jacobianCpuTable;
int64_t jacobianCpuWorkspaceBytes(const JacobianArgs&);

void jacobianPenaltyReference(const JacobianPenaltyArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<JacobianPenaltyArgs>> jacobianPenaltyCpuTable;
int64_t jacobianPenaltyCpuWorkspaceBytes(const JacobianPenaltyArgs&);

}  // namespace vk
