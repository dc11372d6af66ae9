#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "conv3d/conv3d_cpu.cpp"
#include "core/simd_begin.h"
#include "conv3d/conv3d_depthwise-inl.h"
#include "conv3d/conv3d_direct-inl.h"
#include "conv3d/conv3d_rows-inl.h"
#include "core/scratch.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

HWY_ATTR void convolveRows(const Conv3dArgs& args, Context& context, const Workspace& workspace) {
  const int64_t tasks = conv3dRowTasks(args);
  if (tasks == 0 || args.outSize[1] == 0 || args.outSize[2] == 0) return;
  const int64_t slotCount = args.threads < tasks ? args.threads : tasks;
  WorkspaceLayout layout(workspace.data);
  const float* const zeros = takeZeros(args, layout);
  const float** const pointers = layout.take<const float*>(slotCount * conv3dRowPointers(args));
  ScratchSlots slots(static_cast<int32_t>(slotCount));
  parallelFor(context, tasks, [&](int64_t index) HWY_ATTR {
    const Conv3dTask task = conv3dRowTask(args, index);
    const int32_t slot = slots.acquire();
    RowsConvolution(args, task, pointers + slot * conv3dRowPointers(args), zeros).run();
    slots.release(slot);
  });
}

HWY_ATTR void convolveDepthwise(const Conv3dArgs& args, Context& context,
                                const Workspace& workspace) {
  const DepthwiseTiling tiling = conv3dDepthwiseTiling(args);
  forEachDepthwiseTask(args, context, workspace, tiling.scratchFloats,
                       [&](const Conv3dTask& task, const float* zeros, float* scratch) HWY_ATTR {
                         if (args.kernel[0] == 1) {
                           Depthwise<1>(args, tiling, task, zeros, scratch).run();
                         } else {
                           Depthwise<3>(args, tiling, task, zeros, scratch).run();
                         }
                       });
}

HWY_ATTR void conv3dCpu(const Conv3dArgs& args, Context& context, const Workspace& workspace) {
  if (conv3dDepthwise(args)) {
    convolveDepthwise(args, context, workspace);
    return;
  }
  if (conv3dByRows(args)) {
    convolveRows(args, context, workspace);
  } else {
    const auto input = [&args](float*) HWY_ATTR { return PlainInput(args); };
    convolveDirectly(args, 0, input, kSumTiles, context, workspace);
  }
}

/** Group by group and block by block: [input channel][tap][output channel of the block]. */
HWY_ATTR void conv3dPackCpu(const Conv3dArgs& args, Context&, const Workspace&) {
  const int64_t each = args.inChannels * conv3dTaps(args);
  const float* weights = static_cast<const float*>(args.weights);
  float* packed = static_cast<float*>(args.packed);
  for (int64_t group = 0; group < args.groups; ++group) {
    for (int64_t block = 0; block < blockCount(args.outChannels); ++block) {
      const int64_t channels =
          blockBegin(args.outChannels, block + 1) - blockBegin(args.outChannels, block);
      for (int64_t i = 0; i < each; ++i) {
        for (int64_t channel = 0; channel < channels; ++channel) {
          *packed++ = weights[channel * each + i];
        }
      }
      weights += channels * each;
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(conv3dCpu);
VK_SIMD_TABLE(conv3dPackCpu);

}  // namespace vk
#endif
