#include <cmath>

#include "mutual_information/mutual_information.h"
#include "mutual_information/mutual_information_math.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kName = "mutual_information";

void checkRange(const char* image, double minimum, double maximum) {
  if (!std::isfinite(minimum) || !std::isfinite(maximum) || !(minimum < maximum) ||
      !std::isfinite(maximum - minimum)) {
    invalidArgument("%s: %s_min %g and %s_max %g, expected finite and min < max", kName, image,
                    minimum, image, maximum);
  }
}

void checkParams(const vk_mutual_information_params* params) {
  if (params == nullptr || params->struct_size != sizeof(vk_mutual_information_params)) {
    invalidArgument("%s: params are missing or of another version", kName);
  }
  if (params->measure != VK_MATTES_MI && params->measure != VK_NMI) {
    invalidArgument("%s: unknown measure %d", kName, static_cast<int>(params->measure));
  }
  if (params->outside_range != VK_OUTSIDE_RANGE_CLAMPED &&
      params->outside_range != VK_OUTSIDE_RANGE_IGNORED) {
    invalidArgument("%s: unknown outside_range %d", kName, static_cast<int>(params->outside_range));
  }
  if (params->bins < kMinimumBins || params->bins > kMaximumBins) {
    invalidArgument("%s: bins is %d, expected %d to %d", kName, params->bins, kMinimumBins,
                    kMaximumBins);
  }
  checkRange("fixed", params->fixed_min, params->fixed_max);
  checkRange("moving", params->moving_min, params->moving_max);
}

MutualInformationArgs checked(const vk_view* fixed, const vk_view* warped, const vk_view* mask,
                              const vk_mutual_information_params* params, const vk_view* gradient,
                              const vk_view* jointHistogram, double* value) {
  requireDenseFloat(kName, "fixed", fixed);
  requireDenseFloat(kName, "warped", warped);
  requireSameType(kName, "fixed", *fixed, "warped", *warped);
  requireSameSizes(kName, "fixed", *fixed, "warped", *warped);
  checkParams(params);
  if (present(mask)) {
    requireDense(kName, "mask", mask, VK_U8);
    requireSameSizes(kName, "fixed", *fixed, "mask", *mask);
  }
  if (present(gradient)) {
    requireDense(kName, "gradient", gradient, fixed->type);
    requireSameSizes(kName, "fixed", *fixed, "gradient", *gradient);
  }
  if (present(jointHistogram)) {
    requireDense(kName, "joint_histogram", jointHistogram, VK_F64);
    requireRank(kName, "joint_histogram", *jointHistogram, 2);
    if (jointHistogram->sizes[0] != params->bins || jointHistogram->sizes[1] != params->bins) {
      invalidArgument("%s: joint_histogram is %s, expected (%d, %d)", kName,
                      describe(*jointHistogram).c_str(), params->bins, params->bins);
    }
  }
  return {elementCount(*fixed),
          fixed->type,
          fixed->data,
          warped->data,
          dataOf<const uint8_t>(mask),
          *params,
          dataOf<void>(gradient),
          dataOf<double>(jointHistogram),
          value};
}

Refusal cpuAccepts(const MutualInformationArgs& args) {
  if (args.type != VK_F32) return "takes f32 only";
  if (!rangesFitFloat(args.params)) {
    return "takes intensity ranges within 1e-30 to 1e30 only";
  }
  return {};
}

}  // namespace

Implementations<MutualInformationArgs> mutual_informationImplementations() {
  static const HostImplementations<MutualInformationArgs> table(
      mutualInformationCpuTable, cpuAccepts, mutualInformationCpuWorkspaceBytes,
      mutualInformationReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_mutual_information_plan(vk_context* context, const vk_view* fixed,
                                     const vk_view* warped, const vk_view* mask,
                                     const vk_mutual_information_params* params,
                                     const vk_view* gradient, const vk_view* joint_histogram,
                                     vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::mutual_informationImplementations(),
               vk::checked(fixed, warped, mask, params, gradient, joint_histogram, nullptr), plan);
  });
}

vk_status vk_mutual_information(vk_context* context, const vk_plan* plan, const vk_view* fixed,
                                const vk_view* warped, const vk_view* mask,
                                const vk_mutual_information_params* params, const vk_view* gradient,
                                const vk_view* joint_histogram, const vk_view* workspace,
                                double* value) {
  return vk::guarded(context, [&] {
    if (value == nullptr) vk::invalidArgument("mutual_information: nowhere to put the value");
    vk::run(*context, vk::kName, vk::mutual_informationImplementations(),
            vk::checked(fixed, warped, mask, params, gradient, joint_histogram, value), plan,
            workspace);
  });
}

}  // extern "C"
