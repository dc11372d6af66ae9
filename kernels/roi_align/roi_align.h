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

/** Throws what is said of a box, of this image, whose values are out of range. */
[[noreturn]] inline void refuseRoiBox(const char* name, const RoiAlignArgs& args, int64_t box,
                                      int64_t image) {
  if (image < 0 || image >= args.batch) {
    invalidArgument("%s: box %lld is of image %lld, and there are %lld", name,
                    static_cast<long long>(box), static_cast<long long>(image),
                    static_cast<long long>(args.batch));
  }
  invalidArgument("%s: box %lld has a coordinate that is not finite", name,
                  static_cast<long long>(box));
}

void roiAlignReference(const RoiAlignArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<RoiAlignArgs>> roiAlignCpuTable;
int64_t roiAlignCpuWorkspaceBytes(const RoiAlignArgs&);

void roiAlignGradientReference(const RoiAlignGradientArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<RoiAlignGradientArgs>> roiAlignGradientCpuTable;
int64_t roiAlignGradientCpuWorkspaceBytes(const RoiAlignGradientArgs&);

}  // namespace vk
