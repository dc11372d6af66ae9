// Convolutions of one input and one output channel a group with kernels of 3 x 3 x 3 and 3 x 3 x 1,
// stride 1, not dilated. Independent of the instruction set.
#pragma once

#include "conv3d/conv3d.h"

namespace vk {

bool conv3dDepthwise(const Conv3dArgs& args);

/** Output rows that are computed together, with as many registers as AVX-512 has. */
constexpr int64_t kDepthwiseRows = 4;

/** Scratch memory of a task, which is some output planes of a group. It computes bands of output
 * rows, each plane of input after plane of input. */
struct DepthwiseTiling {
  /** Rows of a band, a multiple of kDepthwiseRows. */
  int64_t bandRows;
  /** An output row in whole vectors. */
  int64_t width;
  /** Sums of outputs that need further planes. */
  int64_t partialFloats;
  int64_t scratchFloats;
};

DepthwiseTiling conv3dDepthwiseTiling(const Conv3dArgs& args);
/** Of tasks with `scratchFloats` each, and a row of zeros. */
int64_t conv3dDepthwiseWorkspaceBytes(const Conv3dArgs& args, int64_t scratchFloats);

}  // namespace vk
