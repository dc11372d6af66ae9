#include "box_fusion/box_fusion.h"

#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kName = "box_fusion";

BoxFusionArgs checked(const vk_view* boxes, const vk_view* scores, const vk_view* classes,
                      const vk_view* models, const double* modelWeights, int64_t modelCount,
                      const vk_box_fusion_params* params, const vk_view* fused,
                      const vk_view* fusedScores, const vk_view* best, const vk_view* clusterOf,
                      int64_t* count) {
  if (params == nullptr || params->struct_size != sizeof(vk_box_fusion_params)) {
    invalidArgument("%s: the parameters are missing or of another version", kName);
  }
  if (params->score < VK_BOX_FUSION_AVERAGE || params->score > VK_BOX_FUSION_ABSENT_MODEL_AVERAGE) {
    invalidArgument("%s: unknown kind of score %d", kName, static_cast<int>(params->score));
  }
  requireThreshold(kName, params->iou_threshold);
  if (modelCount < 1 || modelCount > INT32_MAX || modelWeights == nullptr) {
    invalidArgument("%s: weights of %lld models, expected of 1 or more", kName,
                    static_cast<long long>(modelCount));
  }
  for (int64_t model = 0; model < modelCount; ++model) {
    if (!(modelWeights[model] > 0 && modelWeights[model] <= 0x1p40)) {
      invalidArgument("%s: model %lld has a weight of %g, expected above 0, at most 2^40", kName,
                      static_cast<long long>(model), modelWeights[model]);
    }
  }
  const Boxes list = requireScoredBoxes(kName, boxes, scores, classes);
  if (present(models)) requireVector(kName, "models", models, VK_I64, list.count);
  requireDense(kName, "fused", fused, list.type);
  requireSameSizes(kName, "fused", *fused, "boxes", *boxes);
  requireVector(kName, "fused_scores", fusedScores, list.type, list.count);
  requireVector(kName, "best", best, VK_I64, list.count);
  requireVector(kName, "cluster_of", clusterOf, VK_I64, list.count);
  return {list,
          scores->data,
          dataOf<const int64_t>(classes),
          dataOf<const int64_t>(models),
          modelWeights,
          modelCount,
          params->score,
          params->iou_threshold,
          requireScoreThreshold(kName, params->score_threshold),
          fused->data,
          fusedScores->data,
          dataOf<int64_t>(best),
          dataOf<int64_t>(clusterOf),
          count};
}

/** Before anything is written; models on a device are its kernel's to check. */
void requireModels(const Context& context, const BoxFusionArgs& args) {
  if (context.device != nullptr || args.models == nullptr) return;
  for (int64_t i = 0; i < args.boxes.count; ++i) {
    if (args.models[i] < 0 || args.models[i] >= args.modelCount) {
      refuseModel(args, i, args.models[i]);
    }
  }
}

Refusal cpuAccepts(const BoxFusionArgs& args) { return takesFewBoxesOfF32(args.boxes); }

}  // namespace

Implementations<BoxFusionArgs> box_fusionImplementations() {
  static const HostImplementations<BoxFusionArgs> table(
      boxFusionCpuTable, cpuAccepts, boxFusionCpuWorkspaceBytes, boxFusionReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_box_fusion_plan(vk_context* context, const vk_view* boxes, const vk_view* scores,
                             const vk_view* classes, const vk_view* models,
                             const double* model_weights, int64_t model_count,
                             const vk_box_fusion_params* params, const vk_view* fused,
                             const vk_view* fused_scores, const vk_view* best,
                             const vk_view* cluster_of, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::box_fusionImplementations(),
               vk::checked(boxes, scores, classes, models, model_weights, model_count, params,
                           fused, fused_scores, best, cluster_of, nullptr),
               plan);
  });
}

vk_status vk_box_fusion(vk_context* context, const vk_plan* plan, const vk_view* boxes,
                        const vk_view* scores, const vk_view* classes, const vk_view* models,
                        const double* model_weights, int64_t model_count,
                        const vk_box_fusion_params* params, const vk_view* workspace,
                        const vk_view* fused, const vk_view* fused_scores, const vk_view* best,
                        const vk_view* cluster_of, int64_t* count) {
  return vk::guarded(context, [&] {
    if (count == nullptr) vk::invalidArgument("box_fusion: nowhere to put the count");
    const vk::BoxFusionArgs args =
        vk::checked(boxes, scores, classes, models, model_weights, model_count, params, fused,
                    fused_scores, best, cluster_of, count);
    vk::requireModels(*context, args);
    vk::run(*context, vk::kName, vk::box_fusionImplementations(), args, plan, workspace);
  });
}

}  // extern "C"
