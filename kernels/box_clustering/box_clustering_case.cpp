#include "nms/scored_case.h"

namespace vk::cases {

void box_clusteringCase(Case& test) {
  const CaseLine& line = test.line();
  const ScoredBoxes input(test);
  const int64_t n = input.n;
  Buffer none;
  const int64_t patches = line.integer("patches", 0);
  Buffer& sources = patches > 0 ? test.input("sources", VK_I64, {n}) : none;
  SplitMix64 random(line.seed(), "sources");
  for (int64_t i = 0; i < sources.count() && patches > 0; ++i) {
    sources.set(i, static_cast<double>(random.below(patches) - 2));
  }
  Buffer& weights = line.flag("weights", false) ? test.uniform("weights", {n}, 0.1, 1) : none;
  Buffer& coverage = line.flag("coverage", false) ? test.uniform("coverage", {n}, 1, 4) : none;
  vk_box_clustering_params params{};
  params.struct_size = sizeof params;
  params.iou_threshold = line.number("iou", 0.3);
  params.score_threshold = line.number("score", -1);
  params.least_cluster_score = line.number("least", 0.01);
  params.ensemble = line.integer("ensemble", 1);
  test.run([&](Call& call) {
    const Sizes sizes = {n, 2 * line.integer("dims", 3)};
    const vk_view* clusters =
        call.output("clusters", test.type(), sizes, {.relative = 1e-6, .absolute = 1e-6});
    const vk_view* scores = call.output("cluster_scores", test.type(), {n}, {.relative = 1e-6});
    const vk_view* best = call.output("best", VK_I64, {n}, {});
    const vk_view* of = call.output("cluster_of", VK_I64, {n}, {});
    double* clusterCount = call.value("count", {});
    vk_plan plan{};
    int64_t count = -1;
    call.ok(vk_box_clustering_plan(call.context(), input.boxes.view(), input.scores.view(),
                                   input.classes.view(), sources.view(), weights.view(),
                                   coverage.view(), &params, clusters, scores, best, of, &plan));
    call.ok(vk_box_clustering(call.context(), &plan, input.boxes.view(), input.scores.view(),
                              input.classes.view(), sources.view(), weights.view(), coverage.view(),
                              &params, call.workspace(plan), clusters, scores, best, of, &count));
    *clusterCount = static_cast<double>(count);
  });
}

}  // namespace vk::cases
