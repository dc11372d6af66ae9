package org.voxkern.op;

import java.util.Arrays;
import org.bytedeco.javacpp.LongPointer;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_nms_params;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Non-maximum suppression: goes through the boxes, the best first, and keeps each that no kept box
 * of its class overlaps by an IoU of more than a threshold.
 *
 * <p>Boxes (N, 4) or (N, 6) as {@link BoxIou} has them, scores (N), classes (N) of i64 or null. All
 * f32, or f64 on the reference backend. Boxes of the same score come in the order of their indices.
 * Only boxes that score above the threshold take part, so none whose score is NaN. A box that is
 * empty, has an extent below 2<sup>-40</sup>, or a coordinate that is NaN or larger than
 * 2<sup>40</sup>, neither suppresses nor is suppressed. Exact: {@code kernels/nms/README.md} states
 * the decision to the rounding. Instances are immutable and may be shared by threads.
 */
public final class Nms {
  private final double iouThreshold;
  private final double scoreThreshold;
  private final long maxOutputs;
  private final long maxOutputsPerClass;

  private Nms(Builder builder) {
    iouThreshold = builder.iouThreshold;
    scoreThreshold = builder.scoreThreshold;
    maxOutputs = builder.maxOutputs;
    maxOutputsPerClass = builder.maxOutputsPerClass;
  }

  public static Builder builder() {
    return new Builder();
  }

  /** Shape of as many indices as there are boxes to keep at most. */
  public Shape outputShape(Shape boxes) {
    return Shape.of(maxOutputs == 0 ? boxes.size(0) : Math.min(boxes.size(0), maxOutputs));
  }

  /**
   * Indices of the kept boxes, the best first. {@code classes} may be null.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public long[] apply(Tensor boxes, Tensor scores, Tensor classes) {
    try (NativeCall call = new NativeCall(boxes.context())) {
      Tensor kept =
          call.own(
              Tensor.uninitialized(boxes.context(), ElementType.I64, outputShape(boxes.shape())));
      vk_view vb = call.view(boxes);
      vk_view vs = call.view(scores);
      vk_view vc = call.view(classes);
      vk_view vk = call.view(kept);
      vk_nms_params params = call.own(new vk_nms_params());
      params.struct_size(params.sizeof());
      params.iou_threshold(iouThreshold);
      params.score_threshold(scoreThreshold);
      params.max_outputs(maxOutputs);
      params.max_outputs_per_class(maxOutputsPerClass);
      vk_plan plan = call.plan();
      LongPointer count = call.own(new LongPointer(1));
      Status.check(Voxkern.vk_nms_plan(call.context(), vb, vs, vc, params, vk, plan));
      Status.check(
          Voxkern.vk_nms(
              call.context(), plan, vb, vs, vc, params, call.workspace(plan), vk, count));
      return Arrays.copyOf(kept.toLongArray(), Math.toIntExact(count.get()));
    }
  }

  /** Thresholds; IoU 0.5, any score and any number of outputs unless set. */
  public static final class Builder {
    private double iouThreshold = 0.5;
    private double scoreThreshold = Double.NEGATIVE_INFINITY;
    private long maxOutputs;
    private long maxOutputsPerClass;

    private Builder() {}

    /** 0 to 1: a box is suppressed by one that it overlaps by more. */
    public Builder iouThreshold(double threshold) {
      this.iouThreshold = threshold;
      return this;
    }

    /** Only boxes that score more take part. */
    public Builder scoreThreshold(double threshold) {
      this.scoreThreshold = threshold;
      return this;
    }

    /** The most boxes to keep, of all classes together; 0 for no limit. */
    public Builder maxOutputs(long most) {
      this.maxOutputs = most;
      return this;
    }

    /** The most boxes to keep of each class; 0 for no limit. */
    public Builder maxOutputsPerClass(long most) {
      this.maxOutputsPerClass = most;
      return this;
    }

    /**
     * @throws IllegalArgumentException if a value is out of range
     */
    public Nms build() {
      if (!(iouThreshold >= 0 && iouThreshold <= 1)
          || Double.isNaN(scoreThreshold)
          || maxOutputs < 0
          || maxOutputsPerClass < 0) {
        throw new IllegalArgumentException(
            "nms: IoU threshold "
                + iouThreshold
                + ", score threshold "
                + scoreThreshold
                + ", at most "
                + maxOutputs
                + " outputs and "
                + maxOutputsPerClass
                + " of a class: expected an IoU of 0 to 1, a number, and 0 or more");
      }
      return new Nms(this);
    }
  }
}
