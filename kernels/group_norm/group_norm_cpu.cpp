#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "group_norm/group_norm_cpu.cpp"
#include "core/simd_begin.h"
#include "group_norm/group_norm.h"
#include "core/simd_normalize.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {

void groupNormCpu(const GroupNormArgs& args, Context& context, const Workspace& workspace) {
  normalizeChannels(args, context, workspace);
}

void groupNormGradientCpu(const GroupNormArgs& args, Context& context, const Workspace& workspace) {
  channelNormGradient(args, context, workspace);
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(groupNormCpu);
VK_SIMD_TABLE(groupNormGradientCpu);

}  // namespace vk
#endif
