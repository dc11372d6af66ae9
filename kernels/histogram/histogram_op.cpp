#include <cmath>

#include "histogram/histogram.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kName = "histogram";
constexpr int64_t kMostBins = int64_t{1} << 20;

HistogramArgs checked(const vk_view* image, const vk_view* mask, double low, double high,
                      const vk_view* counts) {
  requireDenseAny(kName, "image", image);
  if (present(mask)) {
    requireDense(kName, "mask", mask, VK_U8);
    requireSameSizes(kName, "image", *image, "mask", *mask);
  }
  requireDense(kName, "counts", counts, VK_I64);
  requireRank(kName, "counts", *counts, 1);
  const int64_t bins = counts->sizes[0] - 2;
  if (bins < 1 || bins > kMostBins) {
    invalidArgument("%s: counts is %s, expected i64 (bins + 2) with 1 to %lld bins", kName,
                    describe(*counts).c_str(), static_cast<long long>(kMostBins));
  }
  if (!std::isfinite(low) || !std::isfinite(high) || !std::isfinite(high - low) || !(low < high)) {
    invalidArgument("%s: a range from %g to %g, expected finite numbers, the second greater", kName,
                    low, high);
  }
  return {elementCount(*image),
          image->type,
          image->data,
          dataOf<const uint8_t>(mask),
          low,
          high,
          bins,
          static_cast<int64_t*>(counts->data)};
}

}  // namespace

Implementations<HistogramArgs> histogramImplementations() {
  static const HostImplementations<HistogramArgs> table(
      histogramCpuTable, nullptr, histogramCpuWorkspaceBytes, histogramReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_histogram_plan(vk_context* context, const vk_view* image, const vk_view* mask,
                            double low, double high, const vk_view* counts, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::histogramImplementations(),
               vk::checked(image, mask, low, high, counts), plan);
  });
}

vk_status vk_histogram(vk_context* context, const vk_plan* plan, const vk_view* image,
                       const vk_view* mask, double low, double high, const vk_view* workspace,
                       const vk_view* counts) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kName, vk::histogramImplementations(),
            vk::checked(image, mask, low, high, counts), plan, workspace);
  });
}

}  // extern "C"
