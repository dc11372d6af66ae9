#include "compose/field_checks.h"
#include "compose/interleaved_field.h"
#include "invert/invert.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kName = "invert";

InvertArgs checked(const vk_view* displacement, const vk_invert_params* params,
                   const vk_view* inverse, vk_invert_report* report) {
  checkParams(kName, params);
  InvertArgs args{};
  checkField(kName, "displacement", displacement, args.fieldSize);
  checkField(kName, "inverse", inverse, args.size);
  requireSameType(kName, "displacement", *displacement, "inverse", *inverse);
  copyFinite(kName, "index_map", params->index_map, 12, args.indexMap);
  copyFinite(kName, "displacement_map", params->displacement_map, 9, args.displacementMap);
  if (params->iterations < 1) {
    invalidArgument("%s: %d iterations, expected at least 1", kName, params->iterations);
  }
  if (!(params->tolerance_mm >= 0)) {
    invalidArgument("%s: tolerance_mm is %g, expected 0 or more", kName, params->tolerance_mm);
  }
  args.iterations = params->iterations;
  args.toleranceMm = params->tolerance_mm;
  args.type = displacement->type;
  args.displacement = displacement->data;
  args.inverse = inverse->data;
  args.report = report;
  return args;
}

Refusal cpuAccepts(const InvertArgs& args) {
  if (args.type != VK_F32) return "takes f32 only";
  if (!fieldFits(args.fieldSize)) return "takes fields of fewer than 2^31 voxels";
  return {};
}

}  // namespace

Implementations<InvertArgs> invertImplementations() {
  static const HostImplementations<InvertArgs> table(invertCpuTable, cpuAccepts,
                                                     invertCpuWorkspaceBytes, invertReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_invert_plan(vk_context* context, const vk_view* displacement,
                         const vk_invert_params* params, const vk_view* inverse, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::invertImplementations(),
               vk::checked(displacement, params, inverse, nullptr), plan);
  });
}

vk_status vk_invert(vk_context* context, const vk_plan* plan, const vk_view* displacement,
                    const vk_invert_params* params, const vk_view* inverse,
                    const vk_view* workspace, vk_invert_report* report) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kName, vk::invertImplementations(),
            vk::checked(displacement, params, inverse, report), plan, workspace);
  });
}

}  // extern "C"
