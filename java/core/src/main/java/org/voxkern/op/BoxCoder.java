package org.voxkern.op;

import java.util.Arrays;
import org.bytedeco.javacpp.DoublePointer;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_box_coder_params;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Boxes as offsets from anchors, which is what a detector predicts: for each axis, of centre c and
 * extent e, (c - c<sub>anchor</sub>) / e<sub>anchor</sub> and ln(e / e<sub>anchor</sub>), each
 * times a weight (Girshick et al., "Rich feature hierarchies", 2014).
 *
 * <p>Boxes and anchors (N, 4) or (N, 6) as {@link BoxIou} has them, deltas of the same shape: the
 * centres' along x, y, z, then the extents'. All f32, or f64 on the reference backend; computed in
 * f64. An extent that is not above 0 gives NaN or infinity. Instances are immutable and may be
 * shared by threads.
 */
public final class BoxCoder {
  /** ln(1000 / 16): no decoded box is more than 62.5 times as large as its anchor. */
  public static final double USUAL_LIMIT = Math.log(1000.0 / 16);

  private final double[] weights;
  private final double logScaleLimit;

  private BoxCoder(double[] weights, double logScaleLimit) {
    this.weights = weights;
    this.logScaleLimit = logScaleLimit;
  }

  /** Of weights 1 and the usual limit. */
  public static BoxCoder create() {
    return new BoxCoder(new double[] {1, 1, 1, 1, 1, 1}, USUAL_LIMIT);
  }

  /**
   * The same with other weights: of the centre along x, y, z, then of the extents; z is not looked
   * at in two dimensions.
   *
   * @throws IllegalArgumentException unless these are six finite numbers other than 0
   */
  public BoxCoder withWeights(double... six) {
    if (six.length != 6 || !Arrays.stream(six).allMatch(w -> Double.isFinite(w) && w != 0)) {
      throw new IllegalArgumentException(
          "box_coder: weights "
              + Arrays.toString(six)
              + ", expected six finite numbers other than 0");
    }
    return new BoxCoder(six.clone(), logScaleLimit);
  }

  /**
   * The same that decodes no logarithm of a ratio of extents beyond another limit.
   *
   * @throws IllegalArgumentException if it is NaN
   */
  public BoxCoder withLogScaleLimit(double limit) {
    if (Double.isNaN(limit)) {
      throw new IllegalArgumentException("box_coder: the limit of the logarithm is NaN");
    }
    return new BoxCoder(weights, limit);
  }

  /** Shape of deltas, boxes or gradients: that of the anchors. */
  public Shape outputShape(Shape anchors) {
    return anchors;
  }

  /**
   * Writes {@code deltas} of boxes.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void encode(Tensor boxes, Tensor anchors, Tensor deltas) {
    try (NativeCall call = new NativeCall(boxes.context())) {
      vk_view from = call.view(boxes);
      vk_view va = call.view(anchors);
      vk_view to = call.view(deltas);
      vk_box_coder_params params = params(call);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_box_coder_encode_plan(call.context(), from, va, params, to, plan));
      Status.check(
          Voxkern.vk_box_coder_encode(
              call.context(), plan, from, va, params, call.workspace(plan), to));
    }
  }

  /**
   * Writes {@code boxes} of deltas.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void decode(Tensor deltas, Tensor anchors, Tensor boxes) {
    try (NativeCall call = new NativeCall(deltas.context())) {
      vk_view from = call.view(deltas);
      vk_view va = call.view(anchors);
      vk_view to = call.view(boxes);
      vk_box_coder_params params = params(call);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_box_coder_decode_plan(call.context(), from, va, params, to, plan));
      Status.check(
          Voxkern.vk_box_coder_decode(
              call.context(), plan, from, va, params, call.workspace(plan), to));
    }
  }

  /**
   * Gradient of {@link #decode} with respect to the deltas, from that of the boxes; 0 beyond the
   * limit.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void gradient(Tensor deltas, Tensor anchors, Tensor gradientBoxes, Tensor gradientDeltas) {
    try (NativeCall call = new NativeCall(deltas.context())) {
      vk_view at = call.view(deltas);
      vk_view va = call.view(anchors);
      vk_view from = call.view(gradientBoxes);
      vk_view to = call.view(gradientDeltas);
      vk_box_coder_params params = params(call);
      vk_plan plan = call.plan();
      Status.check(
          Voxkern.vk_box_coder_gradient_plan(call.context(), at, va, from, params, to, plan));
      Status.check(
          Voxkern.vk_box_coder_gradient(
              call.context(), plan, at, va, from, params, call.workspace(plan), to));
    }
  }

  /**
   * Writes {@code clipped}: boxes with every coordinate brought into [0, extent]; NaN stays.
   *
   * @param extent of the image along x, y and perhaps z
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public static void clip(Tensor boxes, double[] extent, Tensor clipped) {
    if (boxes.shape().rank() != 2 || boxes.shape().size(1) != 2L * extent.length) {
      throw new IllegalArgumentException(
          "box_coder: boxes "
              + boxes.shape()
              + " and extent "
              + Arrays.toString(extent)
              + "; the dimensions must agree");
    }
    try (NativeCall call = new NativeCall(boxes.context())) {
      vk_view from = call.view(boxes);
      vk_view to = call.view(clipped);
      DoublePointer most = call.doubles(3);
      most.put(Arrays.copyOf(extent, 3), 0, 3);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_box_coder_clip_plan(call.context(), from, most, to, plan));
      Status.check(
          Voxkern.vk_box_coder_clip(call.context(), plan, from, most, call.workspace(plan), to));
    }
  }

  private vk_box_coder_params params(NativeCall call) {
    vk_box_coder_params params = call.own(new vk_box_coder_params());
    params.struct_size(params.sizeof());
    for (int i = 0; i < weights.length; i++) {
      params.weights(i, weights[i]);
    }
    params.log_scale_limit(logScaleLimit);
    return params;
  }
}
