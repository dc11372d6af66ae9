#pragma once

#include "registry/registry.h"
#include "voxkern/roi.h"

namespace vk {

/** Axes are z, y, x. */
struct RoiAlignArgs {
  vk_element_type type;
  vk_roi_mode mode;
  bool halfPixel;
  int64_t samplingRatio;
  double scale[3];
  int64_t batch;
  int64_t channels;
  int64_t inSize[3];
  int64_t boxCount;
  /** 6, or 4 without z. */
  int64_t boxValues;
  int64_t outSize[3];
  int32_t threads;
  const void* boxes;
  const int64_t* images;
  const void* input;
  void* output;
};

/** The same with a gradient of the input's shape; input is null where the mode does not look. */
struct RoiAlignGradientArgs : RoiAlignArgs {
  const void* upstream;
  void* gradient;
};

void roiAlignReference(const RoiAlignArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<RoiAlignArgs>> roiAlignCpuTable;
int64_t roiAlignCpuWorkspaceBytes(const RoiAlignArgs&);

void roiAlignGradientReference(const RoiAlignGradientArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<RoiAlignGradientArgs>> roiAlignGradientCpuTable;
int64_t roiAlignGradientCpuWorkspaceBytes(const RoiAlignGradientArgs&);

}  // namespace vk
