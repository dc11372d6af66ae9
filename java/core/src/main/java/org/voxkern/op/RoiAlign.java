package org.voxkern.op;

import java.util.Objects;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_roi_align_params;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Features of boxes on a grid of given size. A box is cut into d h w bins; each bin is the mean, or
 * the maximum, of samples between voxels, regularly spaced (He et al., "Mask R-CNN", 2017; in 3D
 * with trilinear weights).
 *
 * <p>Shapes: input (N, C, D, H, W); boxes (R, 6) are x1 y1 z1 x2 y2 z2, or (R, 4) x1 y1 x2 y2 where
 * D and d are 1; images i64 (R) says which of the N images a box lies in; output (R, C, d, h, w).
 * f32, or f64 on the reference backend. Samples more than a voxel outside the input are 0. {@code
 * kernels/roi_align/README.md} states what a maximum is of, and the error bounds. Instances are
 * immutable and may be shared by threads.
 */
public final class RoiAlign {
  /** What a bin has of its samples; in the order of {@code vk_roi_mode}. */
  public enum Mode {
    AVERAGE,
    /** The largest of all products of a voxel and its weight, as ONNX has it. */
    MAX
  }

  private final Mode mode;
  private final boolean halfPixel;
  private final long samplingRatio;
  private final double[] spatialScale;

  private RoiAlign(Builder builder) {
    mode = builder.mode;
    halfPixel = builder.halfPixel;
    samplingRatio = builder.samplingRatio;
    spatialScale = builder.spatialScale;
  }

  public static Builder builder() {
    return new Builder();
  }

  /**
   * Writes {@code output}, whose last three sizes are the bins of a box.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both, or if a box is not
   *     finite or of an image that there is not
   */
  public void apply(Tensor input, Tensor boxes, Tensor images, Tensor output) {
    try (NativeCall call = new NativeCall(input.context())) {
      vk_roi_align_params params = params(call);
      vk_view in = call.view(input);
      vk_view b = call.view(boxes);
      vk_view i = call.view(images);
      vk_view out = call.view(output);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_roi_align_plan(call.context(), in, b, i, params, out, plan));
      Status.check(
          Voxkern.vk_roi_align(call.context(), plan, in, b, i, params, call.workspace(plan), out));
    }
  }

  /**
   * Writes the derivative of &Sigma; upstream output by the input to {@code gradient}.
   *
   * @param input null where the mode is the average, which does not look at it
   * @throws IllegalArgumentException as {@link #apply}
   */
  public void gradient(
      Tensor input, Tensor boxes, Tensor images, Tensor upstream, Tensor gradient) {
    try (NativeCall call = new NativeCall(gradient.context())) {
      vk_roi_align_params params = params(call);
      vk_view in = call.view(input);
      vk_view b = call.view(boxes);
      vk_view i = call.view(images);
      vk_view up = call.view(upstream);
      vk_view out = call.view(gradient);
      vk_plan plan = call.plan();
      Status.check(
          Voxkern.vk_roi_align_gradient_plan(call.context(), in, b, i, up, params, out, plan));
      Status.check(
          Voxkern.vk_roi_align_gradient(
              call.context(), plan, in, b, i, up, params, call.workspace(plan), out));
    }
  }

  private vk_roi_align_params params(NativeCall call) {
    vk_roi_align_params params = call.own(new vk_roi_align_params());
    params
        .struct_size(params.sizeof())
        .mode(mode.ordinal())
        .half_pixel(halfPixel ? 1 : 0)
        .sampling_ratio(samplingRatio);
    for (int axis = 0; axis < 3; axis++) {
      params.spatial_scale(axis, spatialScale[axis]);
    }
    return params;
  }

  /** Options: the average, half-pixel coordinates, as many samples as voxels, scale 1. */
  public static final class Builder {
    private Mode mode = Mode.AVERAGE;
    private boolean halfPixel = true;
    private long samplingRatio;
    private double[] spatialScale = {1, 1, 1};

    private Builder() {}

    public Builder mode(Mode value) {
      mode = Objects.requireNonNull(value, "mode");
      return this;
    }

    /**
     * Whether a box's coordinate c is the feature position c scale - 0.5 (PyTorch's {@code
     * aligned}); otherwise it is c scale and a box is at least a voxel wide.
     */
    public Builder halfPixel(boolean value) {
      halfPixel = value;
      return this;
    }

    /** Samples of a bin along each axis; 0 for as many as it is voxels long. */
    public Builder samplingRatio(long value) {
      samplingRatio = value;
      return this;
    }

    /** Voxels of the input for one of the boxes' coordinates. */
    public Builder spatialScale(double z, double y, double x) {
      spatialScale = new double[] {z, y, x};
      return this;
    }

    /**
     * @throws IllegalArgumentException if the sampling ratio is negative or a scale not finite and
     *     above 0
     */
    public RoiAlign build() {
      if (samplingRatio < 0) {
        throw new IllegalArgumentException(
            "roi_align: samplingRatio is " + samplingRatio + ", expected 0 or more");
      }
      for (double scale : spatialScale) {
        if (!(scale > 0) || !Double.isFinite(scale)) {
          throw new IllegalArgumentException(
              "roi_align: a spatial scale is " + scale + ", expected a finite number above 0");
        }
      }
      return new RoiAlign(this);
    }
  }
}
