/* Boxes: overlap, suppression, clustering, anchors.
 *
 * A box is its lower and its upper corner in continuous coordinates, (x1, y1, x2, y2) or
 * (x1, y1, z1, x2, y2, z2); a list of N boxes is a tensor (N, 4) or (N, 6). A box whose upper
 * corner does not lie above its lower one along every axis is empty. */
#ifndef VOXKERN_DETECTION_H
#define VOXKERN_DETECTION_H

#include "voxkern/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* box_iou: overlap of boxes (kernels/box_iou/README.md) */
typedef enum vk_box_overlap {
  /** Intersection over union, 0 to 1. */
  VK_BOX_IOU = 0,
  /** Generalized: IoU - share of the hull that is in neither box, -1 to 1. */
  VK_BOX_GIOU = 1,
  /** Distance: IoU - (distance of the centres / diagonal of the hull)^2, -1 to 1. */
  VK_BOX_DIOU = 2
} vk_box_overlap;

/** overlap (N, M): of each of a's N boxes with each of b's M. */
VK_API vk_status vk_box_iou_plan(vk_context* context, const vk_view* a, const vk_view* b,
                                 vk_box_overlap kind, const vk_view* overlap, vk_plan* plan);
VK_API vk_status vk_box_iou(vk_context* context, const vk_plan* plan, const vk_view* a,
                            const vk_view* b, vk_box_overlap kind, const vk_view* workspace,
                            const vk_view* overlap);
/** overlap (N): of each box of a with the one at the same place of b. */
VK_API vk_status vk_box_iou_paired_plan(vk_context* context, const vk_view* a, const vk_view* b,
                                        vk_box_overlap kind, const vk_view* overlap, vk_plan* plan);
VK_API vk_status vk_box_iou_paired(vk_context* context, const vk_plan* plan, const vk_view* a,
                                   const vk_view* b, vk_box_overlap kind, const vk_view* workspace,
                                   const vk_view* overlap);
/** Of the paired overlap: gradient_a and gradient_b, like a and b, from gradient_overlap (N);
 * either may be left out. */
VK_API vk_status vk_box_iou_gradient_plan(vk_context* context, const vk_view* a, const vk_view* b,
                                          vk_box_overlap kind, const vk_view* gradient_overlap,
                                          const vk_view* gradient_a, const vk_view* gradient_b,
                                          vk_plan* plan);
VK_API vk_status vk_box_iou_gradient(vk_context* context, const vk_plan* plan, const vk_view* a,
                                     const vk_view* b, vk_box_overlap kind,
                                     const vk_view* gradient_overlap, const vk_view* workspace,
                                     const vk_view* gradient_a, const vk_view* gradient_b);

/* nms: non-maximum suppression (kernels/nms/README.md) */
typedef struct vk_nms_params {
  uint32_t struct_size;
  /** 0 to 1: a kept box suppresses those of its class that it overlaps by more. */
  double iou_threshold;
  /** Only boxes that score more take part; -infinity takes all but NaN and -infinity. */
  double score_threshold;
  /** Most boxes to keep, of all classes together; 0 for no limit. */
  int64_t max_outputs;
  /** Most boxes to keep of each class; 0 for no limit. */
  int64_t max_outputs_per_class;
} vk_nms_params;

/** kept (i64, N or max_outputs, whichever is less): indices of the kept boxes, best first, then -1;
 * count: how many. scores (N); classes (i64, N) or none: boxes of different classes do not suppress
 * each other. */
VK_API vk_status vk_nms_plan(vk_context* context, const vk_view* boxes, const vk_view* scores,
                             const vk_view* classes, const vk_nms_params* params,
                             const vk_view* kept, vk_plan* plan);
VK_API vk_status vk_nms(vk_context* context, const vk_plan* plan, const vk_view* boxes,
                        const vk_view* scores, const vk_view* classes, const vk_nms_params* params,
                        const vk_view* workspace, const vk_view* kept, int64_t* count);

/* soft_nms: suppression that lowers scores (kernels/soft_nms/README.md) */
typedef enum vk_soft_nms_decay {
  /** score (1 - IoU) where the IoU is above iou_threshold. */
  VK_SOFT_NMS_LINEAR = 0,
  /** score exp(-IoU^2 / sigma). */
  VK_SOFT_NMS_GAUSSIAN = 1
} vk_soft_nms_decay;

typedef struct vk_soft_nms_params {
  uint32_t struct_size;
  vk_soft_nms_decay decay;
  double iou_threshold;
  double sigma;
  /** A box whose score is no longer above this is dropped. */
  double score_threshold;
  /** Most boxes to keep, of all classes together; 0 for no limit. */
  int64_t max_outputs;
} vk_soft_nms_params;

/** Like vk_nms; kept_scores, as long as kept: the lowered scores, then 0. */
VK_API vk_status vk_soft_nms_plan(vk_context* context, const vk_view* boxes, const vk_view* scores,
                                  const vk_view* classes, const vk_soft_nms_params* params,
                                  const vk_view* kept, const vk_view* kept_scores, vk_plan* plan);
VK_API vk_status vk_soft_nms(vk_context* context, const vk_plan* plan, const vk_view* boxes,
                             const vk_view* scores, const vk_view* classes,
                             const vk_soft_nms_params* params, const vk_view* workspace,
                             const vk_view* kept, const vk_view* kept_scores, int64_t* count);

/* box_clustering: weighted box clustering (kernels/box_clustering/README.md) */
typedef struct vk_box_clustering_params {
  uint32_t struct_size;
  double iou_threshold;
  /** Only boxes that score more take part. */
  double score_threshold;
  /** Clusters that score no more are left out. */
  double least_cluster_score;
  /** Predictions that are expected of every patch at a place: models times augmentations. */
  int64_t ensemble;
} vk_box_clustering_params;

/** boxes (N, 4 or 6), scores (N); classes (i64, N) or none; sources (i64, N), the patch and model
 * that made a box, or none: all differ; weights (N), a factor of a box's weight such as its
 * closeness to the centre of its patch, or none: 1; coverage (N), how many patches cover the box,
 * or none: 1. Results, of N boxes each, of which count are valid and the rest 0: clusters,
 * cluster_scores, and best (i64), the index of the best box. cluster_of (i64, N): the cluster a box
 * went into, or -1. */
VK_API vk_status vk_box_clustering_plan(
    vk_context* context, const vk_view* boxes, const vk_view* scores, const vk_view* classes,
    const vk_view* sources, const vk_view* weights, const vk_view* coverage,
    const vk_box_clustering_params* params, const vk_view* clusters, const vk_view* cluster_scores,
    const vk_view* best, const vk_view* cluster_of, vk_plan* plan);
VK_API vk_status vk_box_clustering(vk_context* context, const vk_plan* plan, const vk_view* boxes,
                                   const vk_view* scores, const vk_view* classes,
                                   const vk_view* sources, const vk_view* weights,
                                   const vk_view* coverage, const vk_box_clustering_params* params,
                                   const vk_view* workspace, const vk_view* clusters,
                                   const vk_view* cluster_scores, const vk_view* best,
                                   const vk_view* cluster_of, int64_t* count);

/* box_fusion: weighted boxes fusion (kernels/box_fusion/README.md) */
typedef enum vk_box_fusion_score {
  /** Mean of the weighted scores, less where boxes are fewer than models. */
  VK_BOX_FUSION_AVERAGE = 0,
  /** Sum of the weighted scores by the sum of the models' weights, which may be above 1. */
  VK_BOX_FUSION_SUM = 1,
  VK_BOX_FUSION_MAX = 2,
  /** Mean by the weights of the boxes, times the share of the models that have one. */
  VK_BOX_FUSION_BOX_AND_MODEL_AVERAGE = 3,
  /** Mean by the weights of the boxes and of the models that have none. */
  VK_BOX_FUSION_ABSENT_MODEL_AVERAGE = 4
} vk_box_fusion_score;

typedef struct vk_box_fusion_params {
  uint32_t struct_size;
  vk_box_fusion_score score;
  /** A box joins the fused box that it overlaps most, if by more. */
  double iou_threshold;
  /** Only boxes that score more take part. */
  double score_threshold;
} vk_box_fusion_params;

/** boxes (N, 4 or 6), scores (N); classes (i64, N) or none; models (i64, N), the model that made a
 * box, or none: all by the first; model_weights: above 0, of model_count models, 1 or more.
 * Results as those of box_clustering, ordered by their scores. */
VK_API vk_status vk_box_fusion_plan(vk_context* context, const vk_view* boxes,
                                    const vk_view* scores, const vk_view* classes,
                                    const vk_view* models, const double* model_weights,
                                    int64_t model_count, const vk_box_fusion_params* params,
                                    const vk_view* fused, const vk_view* fused_scores,
                                    const vk_view* best, const vk_view* cluster_of, vk_plan* plan);
VK_API vk_status vk_box_fusion(vk_context* context, const vk_plan* plan, const vk_view* boxes,
                               const vk_view* scores, const vk_view* classes, const vk_view* models,
                               const double* model_weights, int64_t model_count,
                               const vk_box_fusion_params* params, const vk_view* workspace,
                               const vk_view* fused, const vk_view* fused_scores,
                               const vk_view* best, const vk_view* cluster_of, int64_t* count);

/* anchors: boxes at every place of a feature map (kernels/anchors/README.md) */
typedef struct vk_anchors_params {
  uint32_t struct_size;
  /** Places along x, y, z; z is 1 in two dimensions. */
  int64_t grid[3];
  /** Of the image, from place to place. */
  double stride[3];
  /** Of the first place's centre, in strides. */
  double offset[3];
} vk_anchors_params;

/** extents (A, 2 or 3): x, y, z of the boxes at each place. anchors (z y x A, 4 or 6), the boxes of
 * a place together, x of the places fastest. */
VK_API vk_status vk_anchors_plan(vk_context* context, const vk_view* extents,
                                 const vk_anchors_params* params, const vk_view* anchors,
                                 vk_plan* plan);
VK_API vk_status vk_anchors(vk_context* context, const vk_plan* plan, const vk_view* extents,
                            const vk_anchors_params* params, const vk_view* workspace,
                            const vk_view* anchors);

/* box_coder: boxes as offsets from anchors (kernels/box_coder/README.md) */
typedef struct vk_box_coder_params {
  uint32_t struct_size;
  /** Of the offsets of the centre along x, y, z, then of the logarithms of the extents. */
  double weights[6];
  /** Largest logarithm of an extent's ratio that is decoded. */
  double log_scale_limit;
} vk_box_coder_params;

/** boxes, anchors, deltas (N, 4 or 6). */
VK_API vk_status vk_box_coder_encode_plan(vk_context* context, const vk_view* boxes,
                                          const vk_view* anchors, const vk_box_coder_params* params,
                                          const vk_view* deltas, vk_plan* plan);
VK_API vk_status vk_box_coder_encode(vk_context* context, const vk_plan* plan, const vk_view* boxes,
                                     const vk_view* anchors, const vk_box_coder_params* params,
                                     const vk_view* workspace, const vk_view* deltas);
VK_API vk_status vk_box_coder_decode_plan(vk_context* context, const vk_view* deltas,
                                          const vk_view* anchors, const vk_box_coder_params* params,
                                          const vk_view* boxes, vk_plan* plan);
VK_API vk_status vk_box_coder_decode(vk_context* context, const vk_plan* plan,
                                     const vk_view* deltas, const vk_view* anchors,
                                     const vk_box_coder_params* params, const vk_view* workspace,
                                     const vk_view* boxes);
/** gradient_deltas from gradient_boxes, at these deltas. */
VK_API vk_status vk_box_coder_gradient_plan(vk_context* context, const vk_view* deltas,
                                            const vk_view* anchors, const vk_view* gradient_boxes,
                                            const vk_box_coder_params* params,
                                            const vk_view* gradient_deltas, vk_plan* plan);
VK_API vk_status vk_box_coder_gradient(vk_context* context, const vk_plan* plan,
                                       const vk_view* deltas, const vk_view* anchors,
                                       const vk_view* gradient_boxes,
                                       const vk_box_coder_params* params, const vk_view* workspace,
                                       const vk_view* gradient_deltas);
/** clipped = boxes, every coordinate brought into [0, extent]; extents are x, y, z. */
VK_API vk_status vk_box_coder_clip_plan(vk_context* context, const vk_view* boxes,
                                        const double* extent, const vk_view* clipped,
                                        vk_plan* plan);
VK_API vk_status vk_box_coder_clip(vk_context* context, const vk_plan* plan, const vk_view* boxes,
                                   const double* extent, const vk_view* workspace,
                                   const vk_view* clipped);

/* box_matcher: the box that each anchor is to find (kernels/box_matcher/README.md) */
typedef struct vk_box_matcher_params {
  uint32_t struct_size;
  /** Anchors whose best IoU is not below are matched; above 0, at most 1. */
  double foreground;
  /** Anchors whose best IoU is below have no box; 0 to foreground. Those between are ignored. */
  double background;
  /** Not 0: the best anchor of each box is matched too, whatever its IoU. */
  int32_t best_of_each_box;
} vk_box_matcher_params;

typedef struct vk_box_matcher_atss_params {
  uint32_t struct_size;
  /** Anchors of each level that are candidates of a box, 1 or more. */
  int32_t candidates;
  /** An anchor's centre lies further than this inside a box that it is matched to. */
  double least_distance;
} vk_box_matcher_atss_params;

/** anchors (N, 4 or 6), boxes (M, 4 or 6); matches (i64, N): the anchor's box, -1 for none, -2
 * where the anchor is ignored; overlaps (N), which may be left out: the best IoU. */
VK_API vk_status vk_box_matcher_plan(vk_context* context, const vk_view* anchors,
                                     const vk_view* boxes, const vk_box_matcher_params* params,
                                     const vk_view* matches, const vk_view* overlaps,
                                     vk_plan* plan);
VK_API vk_status vk_box_matcher(vk_context* context, const vk_plan* plan, const vk_view* anchors,
                                const vk_view* boxes, const vk_box_matcher_params* params,
                                const vk_view* workspace, const vk_view* matches,
                                const vk_view* overlaps);
/** level_sizes: how many anchors each of level_count levels has, in order. overlaps: the IoU with
 * the matched box, or 0. No anchor is ignored. */
VK_API vk_status vk_box_matcher_atss_plan(vk_context* context, const vk_view* anchors,
                                          const vk_view* boxes, const int64_t* level_sizes,
                                          int32_t level_count,
                                          const vk_box_matcher_atss_params* params,
                                          const vk_view* matches, const vk_view* overlaps,
                                          vk_plan* plan);
VK_API vk_status vk_box_matcher_atss(vk_context* context, const vk_plan* plan,
                                     const vk_view* anchors, const vk_view* boxes,
                                     const int64_t* level_sizes, int32_t level_count,
                                     const vk_box_matcher_atss_params* params,
                                     const vk_view* workspace, const vk_view* matches,
                                     const vk_view* overlaps);

#ifdef __cplusplus
}
#endif

#endif /* VOXKERN_DETECTION_H */
