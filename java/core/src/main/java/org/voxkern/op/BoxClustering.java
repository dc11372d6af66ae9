package org.voxkern.op;

import org.bytedeco.javacpp.LongPointer;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_box_clustering_params;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Weighted box clustering: brings the predictions of overlapping patches, models and augmentations
 * together (Jaeger et al., "Retina U-Net", 2018).
 *
 * <p>The best box that is left and all of its class that it overlaps by more than a threshold are a
 * cluster. With the weights w = IoU with the best &middot; volume &middot; weight, a cluster's
 * corners are &Sigma; s w x / &Sigma; s w and its score is &Sigma; s w / (&Sigma; w + m w&#772;), m
 * being the number of predictions that are missing: ensemble times the mean coverage, less the
 * different sources in the cluster, at least 0.
 *
 * <p>Boxes, scores and classes are those of {@link Nms}, except that a box that neither suppresses
 * nor is suppressed there goes into no cluster here. Instances are immutable and may be shared by
 * threads.
 */
public final class BoxClustering {
  /**
   * What is known about each box beside its score; each may be null.
   *
   * @param sources i64 (N): which patch and model made a box; null: all differ
   * @param weights (N): a factor of its weight, such as closeness to the centre of its patch
   * @param coverage (N): how many patches cover it
   */
  public record Origin(Tensor sources, Tensor weights, Tensor coverage) {
    public static final Origin UNKNOWN = new Origin(null, null, null);
  }

  /**
   * Clusters in the order of their best boxes, in tensors of the innermost scope.
   *
   * @param count of clusters; what the tensors hold beyond is 0
   * @param boxes (N, 4 or 6)
   * @param scores (N)
   * @param best i64 (N): index of a cluster's best box
   * @param clusterOf i64 (N): the cluster that a box went into, or -1
   */
  public record Result(int count, Tensor boxes, Tensor scores, Tensor best, Tensor clusterOf) {}

  private final double iouThreshold;
  private final double scoreThreshold;
  private final double leastClusterScore;
  private final long ensemble;

  private BoxClustering(Builder builder) {
    iouThreshold = builder.iouThreshold;
    scoreThreshold = builder.scoreThreshold;
    leastClusterScore = builder.leastClusterScore;
    ensemble = builder.ensemble;
  }

  public static Builder builder() {
    return new Builder();
  }

  /** Shape of the clusters, of which there are as many as boxes at most. */
  public Shape outputShape(Shape boxes) {
    return boxes;
  }

  /**
   * {@code classes} may be null.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public Result apply(Tensor boxes, Tensor scores, Tensor classes, Origin origin) {
    Context context = boxes.context();
    Shape list = Shape.of(boxes.shape().size(0));
    try (NativeCall call = new NativeCall(context)) {
      Tensor clusters = Tensor.uninitialized(context, boxes.type(), outputShape(boxes.shape()));
      Tensor clusterScores = Tensor.uninitialized(context, boxes.type(), list);
      Tensor best = Tensor.uninitialized(context, ElementType.I64, list);
      Tensor clusterOf = Tensor.uninitialized(context, ElementType.I64, list);
      vk_view vb = call.view(boxes);
      vk_view vs = call.view(scores);
      vk_view vc = call.view(classes);
      vk_view from = call.view(origin.sources());
      vk_view vw = call.view(origin.weights());
      vk_view coverage = call.view(origin.coverage());
      vk_view oc = call.view(clusters);
      vk_view os = call.view(clusterScores);
      vk_view ob = call.view(best);
      vk_view of = call.view(clusterOf);
      vk_box_clustering_params params = call.own(new vk_box_clustering_params());
      params.struct_size(params.sizeof());
      params.iou_threshold(iouThreshold);
      params.score_threshold(scoreThreshold);
      params.least_cluster_score(leastClusterScore);
      params.ensemble(ensemble);
      vk_plan plan = call.plan();
      LongPointer count = call.own(new LongPointer(1));
      Status.check(
          Voxkern.vk_box_clustering_plan(
              call.context(), vb, vs, vc, from, vw, coverage, params, oc, os, ob, of, plan));
      Status.check(
          Voxkern.vk_box_clustering(
              call.context(),
              plan,
              vb,
              vs,
              vc,
              from,
              vw,
              coverage,
              params,
              call.workspace(plan),
              oc,
              os,
              ob,
              of,
              count));
      return new Result(Math.toIntExact(count.get()), clusters, clusterScores, best, clusterOf);
    }
  }

  /**
   * IoU above 0.1, any score, clusters that score above 0.01, one prediction a patch unless set.
   */
  public static final class Builder {
    private double iouThreshold = 0.1;
    private double scoreThreshold = Double.NEGATIVE_INFINITY;
    private double leastClusterScore = 0.01;
    private long ensemble = 1;

    private Builder() {}

    /** 0 to 1: boxes join the best one that they overlap by more. */
    public Builder iouThreshold(double threshold) {
      this.iouThreshold = threshold;
      return this;
    }

    /** Only boxes that score more take part. */
    public Builder scoreThreshold(double threshold) {
      this.scoreThreshold = threshold;
      return this;
    }

    /** Clusters that score no more are left out. */
    public Builder leastClusterScore(double least) {
      this.leastClusterScore = least;
      return this;
    }

    /** Predictions that are expected of each patch: models times augmentations, 1 or more. */
    public Builder ensemble(long predictions) {
      this.ensemble = predictions;
      return this;
    }

    /**
     * @throws IllegalArgumentException if a value is out of range
     */
    public BoxClustering build() {
      if (!(iouThreshold >= 0 && iouThreshold <= 1)
          || Double.isNaN(scoreThreshold)
          || Double.isNaN(leastClusterScore)
          || ensemble < 1) {
        throw new IllegalArgumentException(
            "box_clustering: IoU threshold "
                + iouThreshold
                + ", score threshold "
                + scoreThreshold
                + ", least score of a cluster "
                + leastClusterScore
                + ", ensemble "
                + ensemble
                + ": expected an IoU of 0 to 1, numbers, and an ensemble of 1 or more");
      }
      return new BoxClustering(this);
    }
  }
}
