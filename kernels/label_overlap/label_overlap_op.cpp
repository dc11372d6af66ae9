#include "label_overlap/label_overlap.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kName = "label_overlap";
constexpr int64_t kMostLabels = int64_t{1} << 24;
constexpr int64_t kFarthestLabel = int64_t{1} << 52;

void requireLabels(const char* name, const vk_view* view) {
  requireDenseAny(kName, name, view);
  if (view->type == VK_F16 || view->type == VK_BF16) {
    unsupported("%s: %s is %s, expected whole numbers as integers, f32 or f64", kName, name,
                describe(*view).c_str());
  }
}

LabelOverlapArgs checked(const vk_view* a, const vk_view* b, int64_t firstLabel,
                         const vk_view* counts, vk_label_overlap_rest* rest) {
  requireLabels("a", a);
  requireLabels("b", b);
  requireSameSizes(kName, "a", *a, "b", *b);
  requireDense(kName, "counts", counts, VK_I64);
  requireRank(kName, "counts", *counts, 2);
  const int64_t labels = counts->sizes[1];
  if (counts->sizes[0] != 3 || labels < 1 || labels > kMostLabels) {
    invalidArgument("%s: counts is %s, expected i64 (3, 1 to %lld)", kName,
                    describe(*counts).c_str(), static_cast<long long>(kMostLabels));
  }
  if (firstLabel < -kFarthestLabel || firstLabel > kFarthestLabel) {
    invalidArgument("%s: first label %lld, expected at most 2^52 in magnitude", kName,
                    static_cast<long long>(firstLabel));
  }
  return {elementCount(*a),
          a->type,
          a->data,
          b->type,
          b->data,
          firstLabel,
          labels,
          static_cast<int64_t*>(counts->data),
          rest};
}

}  // namespace

Implementations<LabelOverlapArgs> label_overlapImplementations() {
  static const HostImplementations<LabelOverlapArgs> table(
      labelOverlapCpuTable, nullptr, labelOverlapCpuWorkspaceBytes, labelOverlapReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_label_overlap_plan(vk_context* context, const vk_view* a, const vk_view* b,
                                int64_t first_label, const vk_view* counts, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::label_overlapImplementations(),
               vk::checked(a, b, first_label, counts, nullptr), plan);
  });
}

vk_status vk_label_overlap(vk_context* context, const vk_plan* plan, const vk_view* a,
                           const vk_view* b, int64_t first_label, const vk_view* workspace,
                           const vk_view* counts, vk_label_overlap_rest* rest) {
  return vk::guarded(context, [&] {
    if (rest == nullptr) vk::invalidArgument("label_overlap: nowhere to put the rest");
    vk::run(*context, vk::kName, vk::label_overlapImplementations(),
            vk::checked(a, b, first_label, counts, rest), plan, workspace);
  });
}

}  // extern "C"
