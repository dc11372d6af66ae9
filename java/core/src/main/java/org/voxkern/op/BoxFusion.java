package org.voxkern.op;

import java.util.Arrays;
import java.util.Objects;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.LongPointer;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_box_fusion_params;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Weighted boxes fusion: averages the boxes that several models found for one object (Solovyev et
 * al., "Weighted boxes fusion", 2021).
 *
 * <p>The boxes, their scores times the weights of their models, are gone through, the best first: a
 * box joins the fused box of its class that it overlaps most, by more than a threshold, whose
 * corners then are &Sigma; s x / &Sigma; s; else it is a fused box of its own. {@link Score} says
 * the scores.
 *
 * <p>Boxes, scores and classes are those of {@link Nms}, except that a box that neither suppresses
 * nor is suppressed there takes no part here. {@code kernels/box_fusion/README.md} states formulae
 * and decisions. Instances are immutable and may be shared by threads.
 */
public final class BoxFusion {
  /**
   * Score of a fused box of n boxes with weighted scores s, of M models of weights w; in the order
   * of {@code vk_box_fusion_score}.
   */
  public enum Score {
    /** mean s &middot; min(n, M) / &Sigma; w. */
    AVERAGE,
    /** &Sigma; s / &Sigma; w: may be above 1. */
    SUM,
    /** max s / max w. */
    MAX,
    /**
     * &Sigma; s / &Sigma; w of the boxes, times the share of the weights of models that have one.
     */
    BOX_AND_MODEL_AVERAGE,
    /** &Sigma; s / (&Sigma; w of the boxes + &Sigma; w of the models that have none). */
    ABSENT_MODEL_AVERAGE
  }

  /**
   * Fused boxes, those of the greatest scores first, in tensors of the innermost scope.
   *
   * @param count of fused boxes; what the tensors hold beyond is 0
   * @param boxes (N, 4 or 6)
   * @param scores (N)
   * @param best i64 (N): index of the box of the greatest weighted score in each
   * @param clusterOf i64 (N): the fused box that a box went into, or -1
   */
  public record Result(int count, Tensor boxes, Tensor scores, Tensor best, Tensor clusterOf) {}

  private final double[] modelWeights;
  private final Score score;
  private final double iouThreshold;
  private final double scoreThreshold;

  private BoxFusion(Builder builder) {
    modelWeights = builder.modelWeights;
    score = builder.score;
    iouThreshold = builder.iouThreshold;
    scoreThreshold = builder.scoreThreshold;
  }

  /**
   * @param modelWeights above 0, one for each model
   */
  public static Builder builder(double... modelWeights) {
    return new Builder(modelWeights.clone());
  }

  /** Shape of the fused boxes, of which there are as many as boxes at most. */
  public Shape outputShape(Shape boxes) {
    return boxes;
  }

  /**
   * {@code classes} may be null.
   *
   * @param models i64 (N): the model that made each box; null: all by the first
   * @throws IllegalArgumentException if shapes or types disagree, naming both, or there is no such
   *     model
   */
  public Result apply(Tensor boxes, Tensor scores, Tensor classes, Tensor models) {
    Context context = boxes.context();
    Shape list = Shape.of(boxes.shape().size(0));
    try (NativeCall call = new NativeCall(context)) {
      Tensor fused = Tensor.uninitialized(context, boxes.type(), outputShape(boxes.shape()));
      Tensor fusedScores = Tensor.uninitialized(context, boxes.type(), list);
      Tensor best = Tensor.uninitialized(context, ElementType.I64, list);
      Tensor clusterOf = Tensor.uninitialized(context, ElementType.I64, list);
      vk_view vb = call.view(boxes);
      vk_view vs = call.view(scores);
      vk_view vc = call.view(classes);
      vk_view vm = call.view(models);
      vk_view of = call.view(fused);
      vk_view os = call.view(fusedScores);
      vk_view ob = call.view(best);
      vk_view oc = call.view(clusterOf);
      int count = modelWeights.length;
      DoublePointer weights = call.doubles(count);
      weights.put(modelWeights, 0, count);
      vk_box_fusion_params params = call.own(new vk_box_fusion_params());
      params
          .struct_size(params.sizeof())
          .score(score.ordinal())
          .iou_threshold(iouThreshold)
          .score_threshold(scoreThreshold);
      vk_plan plan = call.plan();
      LongPointer found = call.own(new LongPointer(1));
      Status.check(
          Voxkern.vk_box_fusion_plan(
              call.context(), vb, vs, vc, vm, weights, count, params, of, os, ob, oc, plan));
      Status.check(
          Voxkern.vk_box_fusion(
              call.context(),
              plan,
              vb,
              vs,
              vc,
              vm,
              weights,
              count,
              params,
              call.workspace(plan),
              of,
              os,
              ob,
              oc,
              found));
      return new Result(Math.toIntExact(found.get()), fused, fusedScores, best, clusterOf);
    }
  }

  /** Average scores, an IoU above 0.55 and any score unless set. */
  public static final class Builder {
    private final double[] modelWeights;
    private Score score = Score.AVERAGE;
    private double iouThreshold = 0.55;
    private double scoreThreshold = Double.NEGATIVE_INFINITY;

    private Builder(double[] modelWeights) {
      this.modelWeights = modelWeights;
    }

    public Builder score(Score kind) {
      this.score = Objects.requireNonNull(kind, "score");
      return this;
    }

    /** 0 to 1: a box joins a fused box that it overlaps by more. */
    public Builder iouThreshold(double threshold) {
      this.iouThreshold = threshold;
      return this;
    }

    /** Only boxes that score more, before the weight of their model, take part. */
    public Builder scoreThreshold(double threshold) {
      this.scoreThreshold = threshold;
      return this;
    }

    /**
     * @throws IllegalArgumentException if a value is out of range
     */
    public BoxFusion build() {
      if (!(iouThreshold >= 0 && iouThreshold <= 1)
          || Double.isNaN(scoreThreshold)
          || modelWeights.length == 0
          || !Arrays.stream(modelWeights).allMatch(w -> w > 0 && w <= 0x1p40)) {
        throw new IllegalArgumentException(
            "box_fusion: IoU threshold "
                + iouThreshold
                + ", score threshold "
                + scoreThreshold
                + ", weights of models "
                + Arrays.toString(modelWeights)
                + ": expected an IoU of 0 to 1, a number, and weights above 0, at most 2^40");
      }
      return new BoxFusion(this);
    }
  }
}
