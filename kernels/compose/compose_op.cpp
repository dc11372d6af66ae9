#include <cmath>

#include "compose/compose.h"
#include "compose/field_checks.h"
#include "compose/interleaved_field.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kName = "compose";

ComposeArgs checked(const vk_view* first, const vk_view* second, const vk_compose_params* params,
                    const vk_view* composed) {
  checkParams(kName, params);
  ComposeArgs args{};
  checkField(kName, "first", first, args.firstSize);
  checkField(kName, "second", second, args.size);
  requireSameType(kName, "first", *first, "second", *second);
  requireDense(kName, "composed", composed, second->type);
  requireSameSizes(kName, "second", *second, "composed", *composed);
  if (params->border != VK_BORDER_CONSTANT && params->border != VK_BORDER_CLAMP) {
    invalidArgument("%s: border %d, expected constant (zero outside) or clamp", kName,
                    static_cast<int>(params->border));
  }
  args.zeroOutside = params->border == VK_BORDER_CONSTANT;
  copyFinite(kName, "index_map", params->index_map, 12, args.indexMap);
  copyFinite(kName, "displacement_map", params->displacement_map, 9, args.displacementMap);
  args.type = first->type;
  args.first = first->data;
  args.second = second->data;
  args.composed = composed->data;
  return args;
}

Refusal cpuAccepts(const ComposeArgs& args) {
  if (args.type != VK_F32) return "takes f32 only";
  if (!fieldFits(args.firstSize)) return "takes fields of fewer than 2^31 voxels";
  return {};
}

}  // namespace

Implementations<ComposeArgs> composeImplementations() {
  static const HostImplementations<ComposeArgs> table(composeCpuTable, cpuAccepts,
                                                      composeCpuWorkspaceBytes, composeReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_compose_plan(vk_context* context, const vk_view* first, const vk_view* second,
                          const vk_compose_params* params, const vk_view* composed, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::composeImplementations(),
               vk::checked(first, second, params, composed), plan);
  });
}

vk_status vk_compose(vk_context* context, const vk_plan* plan, const vk_view* first,
                     const vk_view* second, const vk_compose_params* params,
                     const vk_view* composed, const vk_view* workspace) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kName, vk::composeImplementations(),
            vk::checked(first, second, params, composed), plan, workspace);
  });
}

}  // extern "C"
