#include <cmath>

#include "registry/operations.h"
#include "statistics/statistics.h"

namespace vk {
namespace {

constexpr const char* kName = "statistics";

StatisticsArgs checked(const vk_view* image, const vk_view* mask, double weightFloor,
                       vk_statistics_values* values) {
  requireDenseAny(kName, "image", image);
  if (present(mask)) {
    requireDense(kName, "mask", mask, VK_U8);
    requireSameSizes(kName, "image", *image, "mask", *mask);
  }
  if (std::isinf(weightFloor)) {
    invalidArgument("%s: a weight floor of %g, expected a finite number, or NaN for the minimum",
                    kName, weightFloor);
  }
  StatisticsArgs args{1,           1,     1, image->type, image->data, dataOf<const uint8_t>(mask),
                      weightFloor, values};
  const int32_t rank = image->rank;
  if (rank > 0) args.width = image->sizes[rank - 1];
  if (rank > 1) args.height = image->sizes[rank - 2];
  for (int32_t axis = 0; axis < rank - 2; ++axis) args.depth *= image->sizes[axis];
  return args;
}

}  // namespace

Implementations<StatisticsArgs> statisticsImplementations() {
  static const HostImplementations<StatisticsArgs> table(
      statisticsCpuTable, nullptr, statisticsCpuWorkspaceBytes, statisticsReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_statistics_plan(vk_context* context, const vk_view* image, const vk_view* mask,
                             double weight_floor, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::statisticsImplementations(),
               vk::checked(image, mask, weight_floor, nullptr), plan);
  });
}

vk_status vk_statistics(vk_context* context, const vk_plan* plan, const vk_view* image,
                        const vk_view* mask, double weight_floor, const vk_view* workspace,
                        vk_statistics_values* values) {
  return vk::guarded(context, [&] {
    if (values == nullptr) vk::invalidArgument("statistics: nowhere to put the values");
    vk::run(*context, vk::kName, vk::statisticsImplementations(),
            vk::checked(image, mask, weight_floor, values), plan, workspace);
  });
}

}  // extern "C"
