#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "conv3d/conv3d_winograd_depthwise_cpu.cpp"
#include "core/simd_begin.h"
#include <algorithm>
#include <type_traits>

#include "conv3d/conv3d_winograd_depthwise_columns-inl.h"
#include "conv3d/conv3d_winograd_depthwise_values-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using WinogradDepthwise =
    std::conditional_t<kRegisters == 32, WinogradDepthwiseColumns, WinogradDepthwiseValues>;

HWY_ATTR void conv3dWinogradDepthwiseCpu(const Conv3dArgs& args, Context& context,
                                         const Workspace& workspace) {
  const WinogradDepthwiseTiling tiling(args);
  forEachDepthwiseTask(args, context, workspace, tiling.scratchFloats,
                       [&](const Conv3dTask& task, const float* zeros, float* scratch) HWY_ATTR {
                         WinogradDepthwise tiles(args, tiling, task, zeros, scratch);
                         for (int64_t y = 0; y < args.outSize[1]; y += tiling.blockRows) {
                           const int64_t end = std::min(y + tiling.blockRows, args.outSize[1]);
                           for (int64_t z = 0; z < task.planes; z += kWinogradDepthwisePlanes) {
                             const int64_t planes =
                                 std::min(task.planes - z, kWinogradDepthwisePlanes);
                             for (int64_t row = y; row < end; row += kWinogradRows) {
                               tiles.runTile(z, row, static_cast<int>(planes));
                             }
                           }
                         }
                         if (tiles.streams()) hwy::FlushStream();
                       });
}

/** Group by group: [value][kz][kx]. */
HWY_ATTR void conv3dWinogradDepthwisePackCpu(const Conv3dArgs& args, Context&, const Workspace&) {
  constexpr int kValues = static_cast<int>(kWinogradRowValues);
  const float* weights = static_cast<const float*>(args.weights);
  float* packed = static_cast<float*>(args.packed);
  for (int64_t group = 0; group < args.groups; ++group, weights += 27, packed += 9 * kValues) {
    for (int i = 0; i < 9; ++i) {
      // Plane of the kernel, and column.
      const float* const from = weights + i / 3 * 9 + i % 3;
      const double rows[] = {double(from[0]), double(from[3]), double(from[6])};
      double values[kValues] = {};
      transformWeights<static_cast<int>(kWinogradRows)>(rows, 1, values, 1);
      for (int k = 0; k < kValues; ++k) packed[k * 9 + i] = static_cast<float>(values[k]);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(conv3dWinogradDepthwiseCpu);
VK_SIMD_TABLE(conv3dWinogradDepthwisePackCpu);

}  // namespace vk
#endif
