package org.voxkern.op;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.bytedeco.javacpp.LongPointer;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_soft_nms_params;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Soft non-maximum suppression: takes the best box that is left, again and again, and lowers the
 * scores of the others of its class by how much they overlap it (Bodla et al., ICCV 2017).
 *
 * <p>Boxes, scores and classes are those of {@link Nms}. Scores are lowered in f64 from the overlap
 * in f64, so the order is exact. Instances are immutable and may be shared by threads.
 */
public final class SoftNms {
  /** How a score is lowered; in the order of {@code vk_soft_nms_decay}. */
  public enum Decay {
    /** Times 1 - IoU, where the IoU is above the threshold. */
    LINEAR,
    /** Times exp(-IoU&sup2; / sigma). */
    GAUSSIAN
  }

  /**
   * What is kept, the best first.
   *
   * @param indices of the boxes
   * @param scores that they were kept with, never rising
   */
  public record Result(long[] indices, double[] scores) {}

  private final Decay decay;
  private final double iouThreshold;
  private final double sigma;
  private final double scoreThreshold;
  private final long maxOutputs;

  private SoftNms(Builder builder) {
    decay = builder.decay;
    iouThreshold = builder.iouThreshold;
    sigma = builder.sigma;
    scoreThreshold = builder.scoreThreshold;
    maxOutputs = builder.maxOutputs;
  }

  public static Builder builder() {
    return new Builder();
  }

  /** Shape of as many indices as there are boxes to keep at most. */
  public Shape outputShape(Shape boxes) {
    return Shape.of(maxOutputs == 0 ? boxes.size(0) : Math.min(boxes.size(0), maxOutputs));
  }

  /**
   * {@code classes} may be null.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public Result apply(Tensor boxes, Tensor scores, Tensor classes) {
    try (NativeCall call = new NativeCall(boxes.context())) {
      Shape shape = outputShape(boxes.shape());
      Tensor kept = call.own(Tensor.uninitialized(boxes.context(), ElementType.I64, shape));
      Tensor lowered = call.own(Tensor.uninitialized(boxes.context(), boxes.type(), shape));
      vk_view vb = call.view(boxes);
      vk_view vs = call.view(scores);
      vk_view vc = call.view(classes);
      vk_view vk = call.view(kept);
      vk_view vl = call.view(lowered);
      vk_soft_nms_params params = call.own(new vk_soft_nms_params());
      params.struct_size(params.sizeof());
      params.decay(decay.ordinal());
      params.iou_threshold(iouThreshold);
      params.sigma(sigma);
      params.score_threshold(scoreThreshold);
      params.max_outputs(maxOutputs);
      vk_plan plan = call.plan();
      LongPointer count = call.own(new LongPointer(1));
      Status.check(Voxkern.vk_soft_nms_plan(call.context(), vb, vs, vc, params, vk, vl, plan));
      Status.check(
          Voxkern.vk_soft_nms(
              call.context(), plan, vb, vs, vc, params, call.workspace(plan), vk, vl, count));
      int length = Math.toIntExact(count.get());
      long[] indices = Arrays.copyOf(kept.toLongArray(), length);
      ByteBuffer scored = lowered.contents();
      double[] values = new double[length];
      for (int i = 0; i < length; i++) {
        values[i] =
            lowered.type() == ElementType.F64 ? scored.getDouble(8 * i) : scored.getFloat(4 * i);
      }
      return new Result(indices, values);
    }
  }

  /** Linear above an IoU of 0.3, down to scores of 0.001, any number of outputs unless set. */
  public static final class Builder {
    private Decay decay = Decay.LINEAR;
    private double iouThreshold = 0.3;
    private double sigma = 0.5;
    private double scoreThreshold = 0.001;
    private long maxOutputs;

    private Builder() {}

    /** Lowers scores linearly where the IoU is above the threshold, 0 to 1. */
    public Builder linear(double threshold) {
      this.decay = Decay.LINEAR;
      this.iouThreshold = threshold;
      return this;
    }

    /** Lowers scores by a Gaussian of the IoU; sigma above 0. */
    public Builder gaussian(double width) {
      this.decay = Decay.GAUSSIAN;
      this.sigma = width;
      return this;
    }

    /** A box is dropped when its score is no longer above this, 0 or more. */
    public Builder scoreThreshold(double threshold) {
      this.scoreThreshold = threshold;
      return this;
    }

    /** The most boxes to keep, of all classes together; 0 for no limit. */
    public Builder maxOutputs(long most) {
      this.maxOutputs = most;
      return this;
    }

    /**
     * @throws IllegalArgumentException if a value is out of range
     */
    public SoftNms build() {
      if (!(iouThreshold >= 0 && iouThreshold <= 1)
          || !(sigma > 0)
          || !(scoreThreshold >= 0)
          || maxOutputs < 0) {
        throw new IllegalArgumentException(
            "soft_nms: IoU threshold "
                + iouThreshold
                + ", sigma "
                + sigma
                + ", score threshold "
                + scoreThreshold
                + ", at most "
                + maxOutputs
                + " outputs: expected an IoU of 0 to 1, sigma above 0, and 0 or more for the rest");
      }
      return new SoftNms(this);
    }
  }
}
