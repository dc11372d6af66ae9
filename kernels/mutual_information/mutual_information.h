#pragma once

#include "registry/registry.h"
#include "voxkern/registration.h"

namespace vk {

struct MutualInformationArgs {
  int64_t count;
  vk_element_type type;
  const void* fixed;
  const void* warped;
  /** Non-zero where a voxel counts; null when every voxel does. */
  const uint8_t* mask;
  vk_mutual_information_params params;
  /** dMeasure/dwarped, the same shape; null when not wanted. */
  void* gradient;
  /** (bins, bins), rows fixed, sum 1; null when not wanted. */
  double* jointHistogram;
  double* value;
};

void mutualInformationReference(const MutualInformationArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<MutualInformationArgs>> mutualInformationCpuTable;
int64_t mutualInformationCpuWorkspaceBytes(const MutualInformationArgs&);

/** How the CPU kernel cuts the voxels into groups, and the parts of its workspace. Each group sums
 * into copies of the taps of its own. Without memory it only measures. */
struct MutualInformationWorkspace {
  MutualInformationWorkspace(const MutualInformationArgs& args, void* memory);

  int64_t groups;
  int64_t groupSize;
  int64_t copies;
  int64_t tapsOfCopy;
  int64_t* taps;
  double* joint;
  float* slopes;
  int64_t bytes;
};

}  // namespace vk
