#include "nms/nms.h"

#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kName = "nms";

NmsArgs checked(const vk_view* boxes, const vk_view* scores, const vk_view* classes,
                const vk_nms_params* params, const vk_view* kept, int64_t* count) {
  if (params == nullptr || params->struct_size != sizeof(vk_nms_params)) {
    invalidArgument("%s: the parameters are missing or of another version", kName);
  }
  requireThreshold(kName, params->iou_threshold);
  const Boxes list = requireScoredBoxes(kName, boxes, scores, classes);
  const int64_t capacity = requireKept(kName, kept, list.count, params->max_outputs);
  const int64_t mostOfClass = params->max_outputs_per_class;
  if (mostOfClass < 0) {
    invalidArgument("%s: at most %lld outputs of a class, expected 1 or more, or 0 for no limit",
                    kName, static_cast<long long>(mostOfClass));
  }
  return {list,
          scores->data,
          dataOf<const int64_t>(classes),
          params->iou_threshold,
          requireScoreThreshold(kName, params->score_threshold),
          mostOfClass == 0 ? list.count : mostOfClass,
          dataOf<int64_t>(kept),
          capacity,
          count};
}

Refusal cpuAccepts(const NmsArgs& args) { return takesFewBoxesOfF32(args.boxes); }

}  // namespace

Implementations<NmsArgs> nmsImplementations() {
  static const HostImplementations<NmsArgs> table(nmsCpuTable, cpuAccepts, nmsCpuWorkspaceBytes,
                                                  nmsReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_nms_plan(vk_context* context, const vk_view* boxes, const vk_view* scores,
                      const vk_view* classes, const vk_nms_params* params, const vk_view* kept,
                      vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::nmsImplementations(),
               vk::checked(boxes, scores, classes, params, kept, nullptr), plan);
  });
}

vk_status vk_nms(vk_context* context, const vk_plan* plan, const vk_view* boxes,
                 const vk_view* scores, const vk_view* classes, const vk_nms_params* params,
                 const vk_view* workspace, const vk_view* kept, int64_t* count) {
  return vk::guarded(context, [&] {
    if (count == nullptr) vk::invalidArgument("nms: nowhere to put the count");
    vk::run(*context, vk::kName, vk::nmsImplementations(),
            vk::checked(boxes, scores, classes, params, kept, count), plan, workspace);
  });
}

}  // extern "C"
