#include "registry/operations.h"
#include "ssd/ssd.h"

namespace vk {
namespace {

constexpr const char* kName = "ssd";

SsdArgs checked(const vk_view* fixed, const vk_view* warped, const vk_view* mask,
                const vk_view* gradient, double* value) {
  return {measureArgs(kName, fixed, warped, mask, gradient, value)};
}

Refusal cpuAccepts(const SsdArgs& args) { return takesF32(args); }

}  // namespace

Implementations<SsdArgs> ssdImplementations() {
  static const HostImplementations<SsdArgs> table(ssdCpuTable, cpuAccepts, ssdCpuWorkspaceBytes,
                                                  ssdReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_ssd_plan(vk_context* context, const vk_view* fixed, const vk_view* warped,
                      const vk_view* mask, const vk_view* gradient, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::ssdImplementations(),
               vk::checked(fixed, warped, mask, gradient, nullptr), plan);
  });
}

vk_status vk_ssd(vk_context* context, const vk_plan* plan, const vk_view* fixed,
                 const vk_view* warped, const vk_view* mask, const vk_view* gradient,
                 const vk_view* workspace, double* value) {
  return vk::guarded(context, [&] {
    if (value == nullptr) vk::invalidArgument("ssd: nowhere to put the value");
    vk::run(*context, vk::kName, vk::ssdImplementations(),
            vk::checked(fixed, warped, mask, gradient, value), plan, workspace);
  });
}

}  // extern "C"
