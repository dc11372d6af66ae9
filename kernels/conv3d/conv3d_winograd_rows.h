// Winograd's F(4, 3) along y alone: four rows of output from six values, each a convolution along z
// and x of rows that are transformed. With a few input channels the transforms along all axes take
// longer than the products that they save.
#pragma once

#include "conv3d/conv3d_tiling.h"

namespace vk {

constexpr int64_t kWinogradRows = 4;
constexpr int64_t kWinogradRowValues = 6;

/** Where values lie: a ring of planes, as the band has, each [input channel][value][tile][pitch].
 */
struct WinogradRowsTiling {
  Conv3dTiling band;
  int64_t pitch;
  int64_t valueFloats;
  int64_t channelFloats;
  int64_t planeFloats;
  /** Of a thread. */
  int64_t scratchFloats;
  int64_t taps;

  explicit WinogradRowsTiling(const Conv3dArgs& args);
};

/** Output channels that are packed together, 4 or 5; of the last block some may be missing. */
int64_t winogradRowsBlock(const Conv3dArgs& args);

constexpr const char* kWinogradRowsNames[] = {"cpu-winograd-rows-avx512", "cpu-winograd-rows-avx2",
                                              "cpu-winograd-rows-neon",
                                              "cpu-winograd-rows-portable"};
Refusal winogradRowsAccepts(const Conv3dArgs& args);
int64_t winogradRowsWorkspaceBytes(const Conv3dArgs& args);
int64_t winogradRowsPackedBytes(const Conv3dArgs& args);
extern const SimdTable<Kernel<Conv3dArgs>> conv3dWinogradRowsCpuTable;
extern const SimdTable<Kernel<Conv3dArgs>> conv3dWinogradRowsPackCpuTable;

}  // namespace vk
