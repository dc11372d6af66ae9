// Products of bfloat16, two input channels at once, summed in f32: for callers who accept the
// error.
#pragma once

#include "conv3d/conv3d.h"

namespace vk {

/** Error in the Frobenius norm, of inputs and weights uniform in [-1, 1]: that of rounding both to
 * 8 bits. */
constexpr double kConv3dBf16Error = 1e-2;

/** Whether this processor multiplies bfloat16. */
bool conv3dBf16Available();

constexpr const char* kConv3dBf16Names[4] = {"cpu-bf16-avx512", "cpu-bf16-avx2", "cpu-bf16-neon",
                                             "cpu-bf16-portable"};

Refusal conv3dBf16Accepts(const Conv3dArgs&);
int64_t conv3dBf16WorkspaceBytes(const Conv3dArgs&);
int64_t conv3dBf16PackedBytes(const Conv3dArgs&);
extern const SimdTable<Kernel<Conv3dArgs>> conv3dBf16CpuTable;
extern const SimdTable<Kernel<Conv3dArgs>> conv3dBf16PackCpuTable;

/** The convolution of pairs of channels that stand for those of `args`. */
inline Conv3dArgs conv3dOfPairs(const Conv3dArgs& args) {
  Conv3dArgs pairs = args;
  pairs.inChannels = (args.inChannels + 1) / 2;
  return pairs;
}

}  // namespace vk
