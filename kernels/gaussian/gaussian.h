#pragma once

#include "registry/registry.h"
#include "voxkern/registration.h"

namespace vk {

struct GaussianArgs {
  vk_element_type type;
  const void* image;
  /** (D,H,W), shared by the channels; null when every voxel counts. */
  const uint8_t* mask;
  void* smoothed;
  int64_t channels;
  // Per axis, in the order x, y, z.
  int64_t size[3];
  int64_t outputSize[3];
  double sigma[3];
  double offset[3];
  int64_t factor[3];
  vk_gaussian_border border;
  /** Of the context: how many scratch areas the fast kernels need. */
  int32_t threads;
};

void gaussianReference(const GaussianArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<GaussianArgs>> gaussianCpuTable;
int64_t gaussianCpuWorkspaceBytes(const GaussianArgs&);

}  // namespace vk
