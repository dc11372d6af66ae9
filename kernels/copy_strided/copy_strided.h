#pragma once

#include "registry/registry.h"
#include "voxkern/tensor.h"

namespace vk {

/** Axes of both views, merged and brought into the order of the output's strides. */
struct CopyAxes {
  int32_t rank = 0;
  int64_t sizes[VK_MAX_RANK];
  /** Elements; the output's are positive and descend. */
  int64_t inputStrides[VK_MAX_RANK];
  int64_t outputStrides[VK_MAX_RANK];
  int64_t inputOffset = 0;
  int64_t outputOffset = 0;
};

struct CopyStridedArgs {
  int64_t elementBytes;
  vk_view input;
  vk_view output;
  CopyAxes axes;
};

CopyAxes mergedAxes(const vk_view& input, const vk_view& output);

void copyStridedReference(const CopyStridedArgs&, Context&, const Workspace&);
void copyStridedPlain(const CopyStridedArgs&, Context&, const Workspace&);

}  // namespace vk
