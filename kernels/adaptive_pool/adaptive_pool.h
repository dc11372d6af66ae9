#pragma once

#include "registry/registry.h"
#include "voxkern/pooling.h"

namespace vk {

struct AdaptiveArgs {
  vk_element_type type;
  vk_adaptive_mode mode;
  /** Images times channels. */
  int64_t volumes;
  /** Axes are z, y, x. */
  int64_t inSize[3];
  int64_t outSize[3];
  int32_t threads;
};

struct AdaptivePoolArgs : AdaptiveArgs {
  const void* input;
  void* output;
  /** Of the maximum, within the volume; null when not wanted. */
  int64_t* indices;
};

struct AdaptivePoolGradientArgs : AdaptiveArgs {
  /** Of the maximum. */
  const int64_t* indices;
  const void* upstream;
  void* gradient;
};

/** The input voxels of an output's bin along an axis. */
inline Range adaptiveBin(const AdaptiveArgs& args, int axis, int64_t output) {
  const int64_t in = args.inSize[axis], out = args.outSize[axis];
  return {output * in / out, ((output + 1) * in + out - 1) / out};
}

/** The outputs along an axis whose bins hold an input voxel. */
inline Range adaptiveOutputs(const AdaptiveArgs& args, int axis, int64_t voxel) {
  const int64_t in = args.inSize[axis], out = args.outSize[axis];
  return {voxel * out / in, ((voxel + 1) * out + in - 1) / in};
}

void adaptivePoolReference(const AdaptivePoolArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<AdaptivePoolArgs>> adaptivePoolCpuTable;
int64_t adaptivePoolCpuWorkspaceBytes(const AdaptivePoolArgs&);

void adaptivePoolGradientReference(const AdaptivePoolGradientArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<AdaptivePoolGradientArgs>> adaptivePoolGradientCpuTable;
int64_t adaptivePoolGradientCpuWorkspaceBytes(const AdaptivePoolGradientArgs&);

}  // namespace vk
