#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "batch_norm/batch_norm_cpu.cpp"
#include "core/simd_begin.h"
#include "batch_norm/batch_norm.h"
#include "core/simd_normalize.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {

void batchNormCpu(const BatchNormArgs& args, Context& context, const Workspace& workspace) {
  normalizeChannels(args, context, workspace);
}

void batchNormGradientCpu(const BatchNormArgs& args, Context& context, const Workspace& workspace) {
  channelNormGradient(args, context, workspace);
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(batchNormCpu);
VK_SIMD_TABLE(batchNormGradientCpu);

}  // namespace vk
#endif
