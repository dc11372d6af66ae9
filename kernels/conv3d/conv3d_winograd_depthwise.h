// Winograd's F(4, 3) along y for depthwise kernels of 3 x 3 x 3, stride 1, not dilated: four rows
// of output from six values, each of which is a convolution along z and x.
#pragma once

#include "conv3d/conv3d_winograd_rows.h"

namespace vk {

/** Input planes whose products are added together: what waits for further planes is loaded and
 * stored once for both. */
constexpr int64_t kWinogradDepthwisePlanes = 2;

/** Scratch memory of a task, which is some output planes of a group. It computes bands of output
 * rows, each two planes of input after two. */
struct WinogradDepthwiseTiling {
  /** Rows of a band, a multiple of kWinogradRows. */
  int64_t bandRows;
  /** An output row in whole vectors. */
  int64_t width;
  /** Voxels of an input row that any output needs. */
  int64_t columns;
  /** Values of a row with the padding: voxel 0 is the one at `lead`. */
  int64_t lead;
  int64_t pitch;
  /** Sums of a band's outputs that need further planes. */
  int64_t partialFloats;
  int64_t scratchFloats;

  explicit WinogradDepthwiseTiling(const Conv3dArgs& args);
};

constexpr const char* kWinogradDepthwiseNames[] = {
    "cpu-winograd-depthwise-avx512", "cpu-winograd-depthwise-avx2", "cpu-winograd-depthwise-neon",
    "cpu-winograd-depthwise-portable"};
Refusal winogradDepthwiseAccepts(const Conv3dArgs& args);
int64_t winogradDepthwiseWorkspaceBytes(const Conv3dArgs& args);
int64_t winogradDepthwisePackedBytes(const Conv3dArgs& args);
extern const SimdTable<Kernel<Conv3dArgs>> conv3dWinogradDepthwiseCpuTable;
extern const SimdTable<Kernel<Conv3dArgs>> conv3dWinogradDepthwisePackCpuTable;

}  // namespace vk
