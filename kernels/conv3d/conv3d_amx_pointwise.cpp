#include "conv3d/conv3d_amx_pointwise.h"

#include "conv3d/conv3d_bf16.h"
#include "core/scratch.h"

namespace vk {
namespace {

/** Whether products, copying and what the sums take on their way are less than multiply-adds of
 * whole vectors; in cycles a voxel, measured. */
bool pays(const Conv3dArgs& args, int64_t parts) {
  const AmxPointwise product(args, parts);
  const double in = double(args.inChannels);
  const double rows = double(product.shape.rows());
  const double wholeIn = double(2 * kAmxPairs * product.pairBlocks);
  const double wholeRows = double(kConv3dPointwiseMostRows * product.blocks());
  const double products = wholeRows * wholeIn * (parts == 1 ? 1 : 3) / 350;
  return products + 0.35 * double(parts) * in + 0.2 * rows < rows * in / 28;
}

template <class Args, int64_t kParts>
Refusal accepts(const Args& args) {
  Refusal refusal = conv3dPointwiseAccepts(args);
  if (!refusal.empty()) return refusal;
  if (args.accuracy < (kParts == 1 ? kConv3dBf16Error : kConv3dAmxSplitError)) {
    return "errs more than is accepted";
  }
  if (args.inChannels < 2) return "takes two input channels of a group or more";
  if (!args.anyCost && !pays(args, kParts)) return "takes longer here than it saves";
  // Last, because it asks the system.
  if (!conv3dAmxAvailable()) return "needs a processor with AMX for bfloat16";
  return {};
}

template <class Args, int64_t kParts>
int64_t workspaceBytes(const Args& args) {
  const AmxPointwise product(args, kParts);
  WorkspaceLayout layout(nullptr);
  layout.take<float>(args.threads * product.panelWords());
  return layout.bytes();
}

template <class Args, int64_t kParts>
int64_t packedBytes(const Args& args) {
  const AmxPointwise product(args, kParts);
  return args.groups * product.blocks() * product.blockWords() *
         static_cast<int64_t>(sizeof(float));
}

}  // namespace

AmxPointwise::AmxPointwise(const Conv3dArgs& args, int64_t count)
    : shape(args, true), parts(count), pairBlocks(amxPairBlocks(args)) {}

extern const SimdTable<Kernel<Conv3dArgs>> amxPointwiseCpuTable, amxPointwisePackCpuTable;
extern const SimdTable<Kernel<Conv3dArgs>> amxPointwiseSplitCpuTable, amxPointwiseSplitPackCpuTable;
extern const SimdTable<Kernel<Conv3dTransposedArgs>> amxPointwiseTransposedCpuTable,
    amxPointwiseTransposedPackCpuTable;
extern const SimdTable<Kernel<Conv3dTransposedArgs>> amxPointwiseTransposedSplitCpuTable,
    amxPointwiseTransposedSplitPackCpuTable;

AmxImplementation amxPointwiseImplementation(int64_t parts) {
  using Args = Conv3dArgs;
  if (parts == 1) {
    return {accepts<Args, 1>, workspaceBytes<Args, 1>, packedBytes<Args, 1>, &amxPointwiseCpuTable,
            &amxPointwisePackCpuTable};
  }
  return {accepts<Args, 2>, workspaceBytes<Args, 2>, packedBytes<Args, 2>,
          &amxPointwiseSplitCpuTable, &amxPointwiseSplitPackCpuTable};
}

AmxImplementationOf<Conv3dTransposedArgs> amxPointwiseTransposedImplementation(int64_t parts) {
  using Args = Conv3dTransposedArgs;
  if (parts == 1) {
    return {accepts<Args, 1>, workspaceBytes<Args, 1>, packedBytes<Args, 1>,
            &amxPointwiseTransposedCpuTable, &amxPointwiseTransposedPackCpuTable};
  }
  return {accepts<Args, 2>, workspaceBytes<Args, 2>, packedBytes<Args, 2>,
          &amxPointwiseTransposedSplitCpuTable, &amxPointwiseTransposedSplitPackCpuTable};
}

}  // namespace vk
