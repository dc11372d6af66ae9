#pragma once

#include "registry/registry.h"
#include "voxkern/convolution.h"

namespace vk {

/** Axes of sizes are z, y, x. */
struct Conv3dArgs {
  vk_element_type type;
  int64_t batch;
  int64_t groups;
  /** Of one group. */
  int64_t inChannels;
  int64_t outChannels;
  int64_t inSize[3];
  int64_t outSize[3];
  int64_t kernel[3];
  int64_t stride[3];
  int64_t dilation[3];
  int64_t paddingBegin[3];
  vk_activation activation;
  double negativeSlope;
  /** Error that is accepted, relative in the Frobenius norm. */
  double accuracy;
  /** Rows are accepted though another one is modelled to take less time: by those who measure, and
   * by runs, whose plan has decided. */
  bool anyCost;
  const void* input;
  /** One value an output channel; null for none. */
  const void* bias;
  /** Of the output's shape; null for none. */
  const void* residual;
  void* output;
  /** As the caller has them; only packing looks at them. */
  const void* weights;
  /** Written by packing, read by the convolution. */
  void* packed;
  int32_t threads;
  /** Number of the CUDA device, where it is one that convolves. */
  int32_t device;
};

inline int64_t conv3dTaps(const Conv3dArgs& args) {
  return args.kernel[0] * args.kernel[1] * args.kernel[2];
}

void conv3dReference(const Conv3dArgs&, Context&, const Workspace&);
void conv3dPackReference(const Conv3dArgs&, Context&, const Workspace&);

extern const SimdTable<Kernel<Conv3dArgs>> conv3dCpuTable;
extern const SimdTable<Kernel<Conv3dArgs>> conv3dPackCpuTable;
int64_t conv3dCpuWorkspaceBytes(const Conv3dArgs&);

}  // namespace vk
