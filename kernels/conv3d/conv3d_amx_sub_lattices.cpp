#include "conv3d/conv3d_amx_sub_lattices.h"

#include <algorithm>

#include "conv3d/conv3d_bf16.h"
#include "core/scratch.h"

namespace vk {
namespace {

/** Inputs of one position that its outputs read, of one channel. */
constexpr int64_t kMostReach = 4096;

/** Whether it takes less than the same sums of f32, which cost what they take to write as well:
 * left out, as it then chooses better between few channels. */
bool pays(const Conv3dTransposedArgs& args, const Conv3dArgs& whole, int64_t parts) {
  const double taps = double(conv3dTaps(args));
  const double voxels =
      double(whole.outSize[0]) * double(whole.outSize[1]) * double(whole.outSize[2]);
  const double phases = double(args.stride[0] * args.stride[1] * args.stride[2]);
  return amxCost(whole, parts, taps, phases * double(args.outChannels)) <
         voxels * 1.05 * taps * double(args.inChannels) * double(args.outChannels);
}

template <int64_t kParts>
Refusal accepts(const Conv3dTransposedArgs& args) {
  if (args.type != VK_F32) return "takes f32 only";
  if (args.accuracy < (kParts == 1 ? kConv3dBf16Error : kConv3dAmxSplitError)) {
    return "errs more than is accepted";
  }
  if (args.inChannels < 2) return "takes two input channels of a group or more";
  const Conv3dArgs whole = conv3dOfPhases(args);
  int64_t reach = 1;
  for (int axis = 0; axis < 3; ++axis) {
    if (args.stride[axis] > kAmxMostStride) return "takes strides of up to 4 only";
    if (whole.kernel[axis] > kMostReach / reach) return "takes no kernels that are dilated so far";
    reach *= whole.kernel[axis];
  }
  if (!args.anyCost && !pays(args, whole, kParts)) return "takes longer here than it saves";
  // Last, because it asks the system.
  if (!conv3dAmxAvailable()) return "needs a processor with AMX for bfloat16";
  return {};
}

template <int64_t kParts>
int64_t workspaceBytes(const Conv3dTransposedArgs& args) {
  const Conv3dArgs whole = conv3dOfPhases(args);
  const AmxTiling tiling(whole, kParts, true);
  if (tiling.band.tasks == 0) return 0;
  const int64_t slots = std::min<int64_t>(args.threads, tiling.band.tasks);
  WorkspaceLayout layout(nullptr);
  layout.take<float>(slots * tiling.scratchWords);
  layout.take<float>(slots * 2 * kAmxSums);
  layout.take<int64_t>(slots * (conv3dTaps(whole) + conv3dTaps(args)));
  return layout.bytes();
}

template <int64_t kParts>
int64_t packedBytes(const Conv3dTransposedArgs& args) {
  return amxImplementation(kParts).packedBytes(args);
}

}  // namespace

using AmxTable = SimdTable<Kernel<Conv3dTransposedArgs>>;
extern const AmxTable conv3dAmxSubLatticesCpuTable, conv3dAmxSubLatticesPackCpuTable;
extern const AmxTable conv3dAmxSubLatticesSplitCpuTable, conv3dAmxSubLatticesSplitPackCpuTable;

AmxImplementationOf<Conv3dTransposedArgs> amxSubLatticesImplementation(int64_t parts) {
  if (parts == 1) {
    return {accepts<1>, workspaceBytes<1>, packedBytes<1>, &conv3dAmxSubLatticesCpuTable,
            &conv3dAmxSubLatticesPackCpuTable};
  }
  return {accepts<2>, workspaceBytes<2>, packedBytes<2>, &conv3dAmxSubLatticesSplitCpuTable,
          &conv3dAmxSubLatticesSplitPackCpuTable};
}

}  // namespace vk
