#include "conv3d/conv3d_bf16.h"

#include "conv3d/conv3d_tiling.h"

namespace vk {

bool conv3dBf16Available() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

Refusal conv3dBf16Accepts(const Conv3dArgs& args) {
  if (args.type != VK_F32) return "takes f32 only";
  if (args.accuracy < kConv3dBf16Error) return "errs more than is accepted";
  if (!conv3dBf16Available()) return "needs a processor with AVX-512 BF16";
  if (args.inChannels < 2) return "takes two input channels of a group or more";
  return {};
}

int64_t conv3dBf16WorkspaceBytes(const Conv3dArgs& args) {
  return conv3dDirectWorkspaceBytes(conv3dOfPairs(args), args.inSize[2]);
}

int64_t conv3dBf16PackedBytes(const Conv3dArgs& args) {
  return args.groups * args.outChannels * conv3dOfPairs(args).inChannels * conv3dTaps(args) *
         static_cast<int64_t>(sizeof(float));
}

}  // namespace vk
