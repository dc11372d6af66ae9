#include "registry/operations.h"
#include "soft_nms/soft_nms.h"

namespace vk {
namespace {

constexpr const char* kName = "soft_nms";

SoftNmsArgs checked(const vk_view* boxes, const vk_view* scores, const vk_view* classes,
                    const vk_soft_nms_params* params, const vk_view* kept,
                    const vk_view* keptScores, int64_t* count) {
  if (params == nullptr || params->struct_size != sizeof(vk_soft_nms_params)) {
    invalidArgument("%s: the parameters are missing or of another version", kName);
  }
  if (params->decay != VK_SOFT_NMS_LINEAR && params->decay != VK_SOFT_NMS_GAUSSIAN) {
    invalidArgument("%s: unknown decay %d", kName, static_cast<int>(params->decay));
  }
  requireThreshold(kName, params->iou_threshold);
  if (!(params->sigma > 0)) {
    invalidArgument("%s: sigma is %g, expected more than 0", kName, params->sigma);
  }
  // A falling score must fall: one below 0 would rise.
  if (!(params->score_threshold >= 0)) {
    invalidArgument("%s: the threshold of the score is %g, expected 0 or more", kName,
                    params->score_threshold);
  }
  const Boxes list = requireScoredBoxes(kName, boxes, scores, classes);
  const int64_t capacity = requireKept(kName, kept, list.count, params->max_outputs);
  requireVector(kName, "kept_scores", keptScores, list.type, capacity);
  return {list,
          scores->data,
          dataOf<const int64_t>(classes),
          params->decay,
          params->iou_threshold,
          params->sigma,
          params->score_threshold,
          dataOf<int64_t>(kept),
          keptScores->data,
          capacity,
          count};
}

Refusal cpuAccepts(const SoftNmsArgs& args) { return takesFewBoxesOfF32(args.boxes); }

}  // namespace

Implementations<SoftNmsArgs> soft_nmsImplementations() {
  static const HostImplementations<SoftNmsArgs> table(softNmsCpuTable, cpuAccepts,
                                                      softNmsCpuWorkspaceBytes, softNmsReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_soft_nms_plan(vk_context* context, const vk_view* boxes, const vk_view* scores,
                           const vk_view* classes, const vk_soft_nms_params* params,
                           const vk_view* kept, const vk_view* kept_scores, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::soft_nmsImplementations(),
               vk::checked(boxes, scores, classes, params, kept, kept_scores, nullptr), plan);
  });
}

vk_status vk_soft_nms(vk_context* context, const vk_plan* plan, const vk_view* boxes,
                      const vk_view* scores, const vk_view* classes,
                      const vk_soft_nms_params* params, const vk_view* workspace,
                      const vk_view* kept, const vk_view* kept_scores, int64_t* count) {
  return vk::guarded(context, [&] {
    if (count == nullptr) vk::invalidArgument("soft_nms: nowhere to put the count");
    vk::run(*context, vk::kName, vk::soft_nmsImplementations(),
            vk::checked(boxes, scores, classes, params, kept, kept_scores, count), plan, workspace);
  });
}

}  // extern "C"
