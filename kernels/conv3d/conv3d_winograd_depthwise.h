// Winograd's F(4, 3) along y for depthwise kernels of 3 x 3 x 3, stride 1, not dilated: four rows
// of output from six values, each of which is a convolution along z and x.
#pragma once

#include "conv3d/conv3d_winograd_rows.h"

namespace vk {

/** Of the widest vectors. */
constexpr int64_t kWinogradDepthwiseLanes = 16;
/** Output planes of a block. */
constexpr int64_t kWinogradDepthwisePlanes = 8;
/** Vectors of a row that are computed together: with the nine weights of a value they take as many
 * registers as AVX2 has. */
constexpr int64_t kWinogradDepthwiseVectors = 2;

/** Scratch memory of a task, which is some output planes of a group; used with sixteen registers.
 * It computes blocks, each some rows of some planes, tile after tile, each four rows of all planes.
 */
struct WinogradDepthwiseTiling {
  /** Output rows of a block, a multiple of kWinogradRows. */
  int64_t blockRows;
  /** Voxels of an input row that any output needs. */
  int64_t columns;
  /** Values of a row with the padding: voxel 0 is the one at `lead`. */
  int64_t lead;
  int64_t pitch;
  /** Of a tile. */
  int64_t valueFloats;
  int64_t sumFloats;
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
