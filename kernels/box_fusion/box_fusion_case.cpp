#include "nms/scored_case.h"

namespace vk::cases {
namespace {

vk_box_fusion_score scoreOf(const CaseLine& line) {
  const std::string name = line.word("fused", "average");
  return name == "average"                 ? VK_BOX_FUSION_AVERAGE
         : name == "sum"                   ? VK_BOX_FUSION_SUM
         : name == "max"                   ? VK_BOX_FUSION_MAX
         : name == "box_and_model_average" ? VK_BOX_FUSION_BOX_AND_MODEL_AVERAGE
         : name == "absent_model_average"  ? VK_BOX_FUSION_ABSENT_MODEL_AVERAGE
                                           : static_cast<vk_box_fusion_score>(5);
}

}  // namespace

void box_fusionCase(Case& test) {
  const CaseLine& line = test.line();
  const ScoredBoxes input(test);
  const int64_t n = input.n;
  Buffer none;
  const int64_t modelCount = line.integer("ensemble", 1);
  const std::vector<double> weights = line.numbers("weights", static_cast<size_t>(modelCount), 1);
  Buffer& models = line.flag("models", true) ? test.input("models", VK_I64, {n}) : none;
  SplitMix64 random(line.seed(), "models");
  for (int64_t i = 0; i < n && models.present(); ++i) {
    models.set(i, static_cast<double>(random.below(modelCount > 0 ? modelCount : 1)));
  }
  if (line.has("model")) models.set(n / 2, line.number("model", 0));
  vk_box_fusion_params params{};
  params.struct_size = sizeof params;
  params.score = scoreOf(line);
  params.iou_threshold = line.number("iou", 0.55);
  params.score_threshold = line.number("score", -1);
  test.run([&](Call& call) {
    // Decisions have no error, and what is summed comes in one order.
    const vk_view* fused = call.output("fused", test.type(), {n, 2 * line.integer("dims", 3)}, {});
    const vk_view* scores = call.output("fused_scores", test.type(), {n}, {.relative = 1e-6});
    const vk_view* best = call.output("best", VK_I64, {n}, {});
    const vk_view* of = call.output("cluster_of", VK_I64, {n}, {});
    double* fusedCount = call.value("count", {});
    vk_plan plan{};
    int64_t count = -1;
    call.ok(vk_box_fusion_plan(call.context(), input.boxes.view(), input.scores.view(),
                               input.classes.view(), models.view(), weights.data(), modelCount,
                               &params, fused, scores, best, of, &plan));
    call.ok(vk_box_fusion(call.context(), &plan, input.boxes.view(), input.scores.view(),
                          input.classes.view(), models.view(), weights.data(), modelCount, &params,
                          call.workspace(plan), fused, scores, best, of, &count));
    *fusedCount = static_cast<double>(count);
  });
}

}  // namespace vk::cases
