package org.voxkern.op;

import java.util.Objects;
import org.bytedeco.javacpp.DoublePointer;
import org.voxkern.AffineMap;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.internal.vk_warp3d_params;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Samples a moving image where an index map, and optionally a displacement field, takes the voxels
 * of an output grid or a list of points: warped(i) = moving(p(i)) with p(i) = M (i, 1) + D u(i).
 *
 * <p>M, the index map, takes output indices (x, y, z) to moving indices; D, the displacement map,
 * takes millimetres to moving-index offsets. Shapes: moving (D, H, W) or (C, D, H, W), f32 (any
 * type for nearest); movingMask and domainMask u8; displacement f32 (3, output); points f32 (3, N)
 * in output indices, which make the output a list of N. {@code inside} is 1 where p lies within the
 * moving buffer by ITK's rule (-0.5 &le; p &lt; size - 0.5), its nearest voxel is in the moving
 * mask and the output voxel in the domain mask. Interpolation agrees with ITK's linear, nearest and
 * cubic B-spline interpolators; {@code kernels/warp3d/README.md} states the error bounds. Instances
 * are immutable and may be shared by threads.
 */
public final class Warp3d {
  /** In the order of {@code vk_interpolation}. */
  public enum Interpolation {
    NEAREST,
    LINEAR,
    /** Of coefficients that a B-spline prefilter made. */
    CUBIC_B_SPLINE
  }

  /** What the moving image is outside its buffer; in the order of {@code vk_border}. */
  public enum Border {
    /** The fill value. */
    CONSTANT,
    /** Its edge voxel. */
    CLAMP,
    /** Its mirror image about the centre of the edge voxel. */
    MIRROR,
    /** Itself again. */
    PERIODIC
  }

  private final Interpolation interpolation;
  private final Border border;
  private final double fill;
  private final double[] indexMap;
  private final double[] displacementMap;
  private final Tensor domainMask;

  private Warp3d(Builder builder) {
    interpolation = builder.interpolation;
    border = builder.border;
    fill = builder.fill;
    indexMap = builder.indexMap.toArray();
    displacementMap = builder.displacementMap;
    domainMask = builder.domainMask;
  }

  public static Builder builder() {
    return new Builder();
  }

  /**
   * Writes {@code warped} and, unless null, {@code inside}; movingMask, displacement and points may
   * be null.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void apply(
      Tensor moving,
      Tensor movingMask,
      Tensor displacement,
      Tensor points,
      Tensor warped,
      Tensor inside) {
    try (NativeCall call = new NativeCall(moving.context())) {
      vk_view m = call.view(moving);
      vk_view k = call.view(movingMask);
      vk_view domain = call.view(domainMask);
      vk_view u = call.view(displacement);
      vk_view q = call.view(points);
      vk_view w = call.view(warped);
      vk_view in = call.view(inside);
      vk_warp3d_params params = params(call);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_warp3d_plan(call.context(), m, k, domain, u, q, params, w, in, plan));
      Status.check(
          Voxkern.vk_warp3d(
              call.context(), plan, m, k, domain, u, q, params, w, in, call.workspace(plan)));
    }
  }

  /**
   * dL/dM, twelve numbers row by row, from {@code upstream} = dL/dwarped: &Sigma; g(i)
   * &nabla;m(p(i)) (i, 1)'. Voxels outside the moving buffer, or where {@code mask} (u8, may be
   * null) is zero, give nothing.
   */
  public double[] gradientLinear(
      Tensor moving, Tensor displacement, Tensor points, Tensor mask, Tensor upstream) {
    try (NativeCall call = new NativeCall(moving.context())) {
      vk_view m = call.view(moving);
      vk_view u = call.view(displacement);
      vk_view q = call.view(points);
      vk_view k = call.view(mask);
      vk_view g = call.view(upstream);
      vk_warp3d_params params = params(call);
      vk_plan plan = call.plan();
      DoublePointer gradient = call.doubles(12);
      Status.check(
          Voxkern.vk_warp3d_gradient_linear_plan(call.context(), m, u, q, k, g, params, plan));
      Status.check(
          Voxkern.vk_warp3d_gradient_linear(
              call.context(), plan, m, u, q, k, g, params, call.workspace(plan), gradient));
      double[] result = new double[12];
      gradient.get(result);
      return result;
    }
  }

  /**
   * Writes dL/du = D' g(i) &nabla;m(p(i)) to {@code gradient}, (3, output); {@code displacement}
   * may be null for u = 0.
   */
  public void gradientField(
      Tensor moving, Tensor displacement, Tensor mask, Tensor upstream, Tensor gradient) {
    try (NativeCall call = new NativeCall(moving.context())) {
      vk_view m = call.view(moving);
      vk_view u = call.view(displacement);
      vk_view q = call.view(null);
      vk_view k = call.view(mask);
      vk_view g = call.view(upstream);
      vk_view result = call.view(gradient);
      vk_warp3d_params params = params(call);
      vk_plan plan = call.plan();
      Status.check(
          Voxkern.vk_warp3d_gradient_field_plan(
              call.context(), m, u, q, k, g, params, result, plan));
      Status.check(
          Voxkern.vk_warp3d_gradient_field(
              call.context(), plan, m, u, q, k, g, params, result, call.workspace(plan)));
    }
  }

  /**
   * Writes dL/d(moving) to {@code gradient}, (D, H, W) or (C, D, H, W): the adjoint of the
   * sampling. For cubic interpolation it is the derivative by the coefficients. displacement,
   * points and mask may be null.
   */
  public void gradientImage(
      Tensor displacement, Tensor points, Tensor mask, Tensor upstream, Tensor gradient) {
    try (NativeCall call = new NativeCall(upstream.context())) {
      vk_view u = call.view(displacement);
      vk_view q = call.view(points);
      vk_view k = call.view(mask);
      vk_view g = call.view(upstream);
      vk_view result = call.view(gradient);
      vk_warp3d_params params = params(call);
      vk_plan plan = call.plan();
      Status.check(
          Voxkern.vk_warp3d_gradient_image_plan(call.context(), u, q, k, g, params, result, plan));
      Status.check(
          Voxkern.vk_warp3d_gradient_image(
              call.context(), plan, u, q, k, g, params, result, call.workspace(plan)));
    }
  }

  private vk_warp3d_params params(NativeCall call) {
    vk_warp3d_params params = call.own(new vk_warp3d_params());
    params.struct_size(params.sizeof());
    params.interpolation(interpolation.ordinal());
    params.border(border.ordinal());
    params.fill_value(fill);
    for (int i = 0; i < 12; i++) {
      params.index_map(i, indexMap[i]);
    }
    for (int i = 0; i < 9; i++) {
      params.displacement_map(i, displacementMap[i]);
    }
    return params;
  }

  /** Options of a warp. */
  public static final class Builder {
    private Interpolation interpolation = Interpolation.LINEAR;
    private Border border = Border.CONSTANT;
    private double fill;
    private AffineMap indexMap = AffineMap.identity();
    private double[] displacementMap = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    private Tensor domainMask;

    private Builder() {}

    public Builder interpolation(Interpolation value) {
      interpolation = Objects.requireNonNull(value, "interpolation");
      return this;
    }

    public Builder border(Border value) {
      border = Objects.requireNonNull(value, "border");
      return this;
    }

    /** What is outside under {@link Border#CONSTANT}; 0 by default, NaN allowed. */
    public Builder fill(double value) {
      fill = value;
      return this;
    }

    /** From output indices to moving indices. */
    public Builder indexMap(AffineMap value) {
      indexMap = Objects.requireNonNull(value, "indexMap");
      return this;
    }

    /** From millimetres to moving-index offsets, nine numbers row by row; null for none. */
    public Builder displacementMap(double... value) {
      if (value == null) {
        displacementMap = new double[9];
        return this;
      }
      if (value.length != 9) {
        throw new IllegalArgumentException("a displacement map has 9 numbers, not " + value.length);
      }
      displacementMap = value.clone();
      return this;
    }

    /** Where to sample, u8 of the output's shape; null, the default, samples everywhere. */
    public Builder domainMask(Tensor value) {
      domainMask = value;
      return this;
    }

    public Warp3d build() {
      return new Warp3d(this);
    }
  }
}
