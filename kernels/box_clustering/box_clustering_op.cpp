#include "box_clustering/box_clustering.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kName = "box_clustering";

BoxClusteringArgs checked(const vk_view* boxes, const vk_view* scores, const vk_view* classes,
                          const vk_view* sources, const vk_view* weights, const vk_view* coverage,
                          const vk_box_clustering_params* params, const vk_view* clusters,
                          const vk_view* clusterScores, const vk_view* best,
                          const vk_view* clusterOf, int64_t* count) {
  if (params == nullptr || params->struct_size != sizeof(vk_box_clustering_params)) {
    invalidArgument("%s: the parameters are missing or of another version", kName);
  }
  requireThreshold(kName, params->iou_threshold);
  if (params->ensemble < 1) {
    invalidArgument("%s: an ensemble of %lld, expected 1 or more", kName,
                    static_cast<long long>(params->ensemble));
  }
  const Boxes list = requireScoredBoxes(kName, boxes, scores, classes);
  if (present(sources)) requireVector(kName, "sources", sources, VK_I64, list.count);
  if (present(weights)) requireVector(kName, "weights", weights, list.type, list.count);
  if (present(coverage)) requireVector(kName, "coverage", coverage, list.type, list.count);
  requireDense(kName, "clusters", clusters, list.type);
  requireSameSizes(kName, "clusters", *clusters, "boxes", *boxes);
  requireVector(kName, "cluster_scores", clusterScores, list.type, list.count);
  requireVector(kName, "best", best, VK_I64, list.count);
  requireVector(kName, "cluster_of", clusterOf, VK_I64, list.count);
  return {list,
          scores->data,
          dataOf<const int64_t>(classes),
          dataOf<const int64_t>(sources),
          dataOf<const void>(weights),
          dataOf<const void>(coverage),
          params->iou_threshold,
          requireScoreThreshold(kName, params->score_threshold),
          requireScoreThreshold(kName, params->least_cluster_score),
          static_cast<double>(params->ensemble),
          clusters->data,
          clusterScores->data,
          dataOf<int64_t>(best),
          dataOf<int64_t>(clusterOf),
          count};
}

Refusal cpuAccepts(const BoxClusteringArgs& args) { return takesFewBoxesOfF32(args.boxes); }

}  // namespace

Implementations<BoxClusteringArgs> box_clusteringImplementations() {
  static const HostImplementations<BoxClusteringArgs> table(
      boxClusteringCpuTable, cpuAccepts, boxClusteringCpuWorkspaceBytes, boxClusteringReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_box_clustering_plan(vk_context* context, const vk_view* boxes, const vk_view* scores,
                                 const vk_view* classes, const vk_view* sources,
                                 const vk_view* weights, const vk_view* coverage,
                                 const vk_box_clustering_params* params, const vk_view* clusters,
                                 const vk_view* cluster_scores, const vk_view* best,
                                 const vk_view* cluster_of, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::box_clusteringImplementations(),
               vk::checked(boxes, scores, classes, sources, weights, coverage, params, clusters,
                           cluster_scores, best, cluster_of, nullptr),
               plan);
  });
}

vk_status vk_box_clustering(vk_context* context, const vk_plan* plan, const vk_view* boxes,
                            const vk_view* scores, const vk_view* classes, const vk_view* sources,
                            const vk_view* weights, const vk_view* coverage,
                            const vk_box_clustering_params* params, const vk_view* workspace,
                            const vk_view* clusters, const vk_view* cluster_scores,
                            const vk_view* best, const vk_view* cluster_of, int64_t* count) {
  return vk::guarded(context, [&] {
    if (count == nullptr) vk::invalidArgument("box_clustering: nowhere to put the count");
    vk::run(*context, vk::kName, vk::box_clusteringImplementations(),
            vk::checked(boxes, scores, classes, sources, weights, coverage, params, clusters,
                        cluster_scores, best, cluster_of, count),
            plan, workspace);
  });
}

}  // extern "C"
