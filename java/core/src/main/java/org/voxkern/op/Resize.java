package org.voxkern.op;

import java.util.Arrays;
import java.util.Objects;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_resize_params;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Separable resampling to another size, as Resize of ONNX (opset 19) and interpolate of PyTorch do
 * it: output(v) = &Sigma; w_z w_y w_x input over the taps of each axis, which are those of the
 * position that the coordinates give.
 *
 * <p>Shapes: input (N, C, D, H, W), output (N, C, D', H', W'), f32, or f64 on the reference
 * backend; axes that keep their size are copied. A tap of weight 0 does not count, so a NaN spreads
 * only to voxels that it is a tap of. Axes are always in the order z, y, x. {@code
 * kernels/resize/README.md} states formulae and error bounds. Instances are immutable and may be
 * shared by threads.
 */
public final class Resize {
  /** In the order of {@code vk_sampling_mode}. */
  public enum Mode {
    NEAREST,
    LINEAR,
    /** Cubic convolution. */
    CUBIC
  }

  /**
   * Where output voxel i lies in the input, s being output size / input size or the given scale; in
   * the order of {@code vk_resize_coordinates}.
   */
  public enum Coordinates {
    /** (i + 0.5) / s - 0.5. */
    HALF_PIXEL,
    /** The same about the middle of the input where s is not quite the sizes' ratio. */
    HALF_PIXEL_SYMMETRIC,
    /** The same, but 0 where the output has one voxel. */
    PYTORCH_HALF_PIXEL,
    /** i (input size - 1) / (s input size - 1), s input size being the output size unless given. */
    ALIGN_CORNERS,
    /** i / s. */
    ASYMMETRIC,
    /** Within the region of interest; beyond the input the extrapolation value. */
    TF_CROP_AND_RESIZE
  }

  /** How NEAREST rounds, in the order of {@code vk_resize_nearest}. */
  public enum Rounding {
    ROUND_PREFER_FLOOR,
    ROUND_PREFER_CEIL,
    FLOOR,
    CEIL
  }

  /**
   * What becomes of the aspect ratio where sizes are asked for: ONNX's keep_aspect_ratio_policy. A
   * size of 0 asks for nothing along that axis, which stays as it is, as depth does in 2D.
   */
  public enum AspectRatio {
    /** The sizes asked for. */
    STRETCH,
    /** One scale for all axes, the largest with which no size is larger than asked for. */
    NOT_LARGER,
    /** One scale for all axes, the least with which no size is smaller than asked for. */
    NOT_SMALLER;

    /**
     * Scales along z, y, x, for {@link Builder#scale}.
     *
     * @throws IllegalArgumentException if the input is not of rank 5, a size is negative, or one is
     *     asked for of an axis that has no voxels
     */
    public double[] scales(Shape input, long z, long y, long x) {
      long[] asked = {z, y, x};
      double[] scales = {1, 1, 1};
      boolean valid = input.rank() == 5;
      for (int axis = 0; axis < 3 && valid; axis++) {
        valid = asked[axis] == 0 || (asked[axis] > 0 && input.size(axis + 2) > 0);
        if (valid && asked[axis] > 0) {
          scales[axis] = (double) asked[axis] / (double) input.size(axis + 2);
        }
      }
      if (!valid) {
        throw new IllegalArgumentException(
            "resize: input " + input + " to the sizes " + Arrays.toString(asked));
      }
      if (this != STRETCH) {
        int[] resized = IntStream.range(0, 3).filter(axis -> asked[axis] > 0).toArray();
        DoubleStream all = IntStream.of(resized).mapToDouble(axis -> scales[axis]);
        double common = (this == NOT_LARGER ? all.min() : all.max()).orElse(1);
        for (int axis : resized) {
          scales[axis] = common;
        }
      }
      return scales;
    }

    /**
     * Shape of the output: each size is the scaled one, rounded, halves up. {@link
     * Resize#outputShape} rounds down instead.
     *
     * @throws IllegalArgumentException as {@link #scales} does
     */
    public Shape outputShape(Shape input, long z, long y, long x) {
      double[] scales = scales(input, z, y, x);
      long[] sizes = input.toArray();
      for (int axis = 0; axis < 3; axis++) {
        sizes[axis + 2] = (long) Math.floor(scales[axis] * (double) sizes[axis + 2] + 0.5);
      }
      return Shape.of(sizes);
    }
  }

  private final Mode mode;
  private final Coordinates coordinates;
  private final Rounding rounding;
  private final boolean excludeOutside;
  private final boolean antialias;
  private final double cubicCoefficient;
  private final double extrapolationValue;
  private final double[] scale;
  private final double[] roiBegin;
  private final double[] roiEnd;

  private Resize(Builder builder) {
    mode = builder.mode;
    coordinates = builder.coordinates;
    rounding = builder.rounding;
    excludeOutside = builder.excludeOutside;
    antialias = builder.antialias;
    cubicCoefficient = builder.cubicCoefficient;
    extrapolationValue = builder.extrapolationValue;
    scale = builder.scale;
    roiBegin = builder.roiBegin;
    roiEnd = builder.roiEnd;
  }

  public static Builder builder(Mode mode) {
    return new Builder(mode);
  }

  public Mode mode() {
    return mode;
  }

  public Coordinates coordinates() {
    return coordinates;
  }

  /** Of {@link Mode#NEAREST}. */
  public Rounding rounding() {
    return rounding;
  }

  public boolean excludeOutside() {
    return excludeOutside;
  }

  public boolean antialias() {
    return antialias;
  }

  /** Of {@link Mode#CUBIC}. */
  public double cubicCoefficient() {
    return cubicCoefficient;
  }

  /** Along z, y, x; 0 where the sizes give it. */
  public double[] scale() {
    return scale.clone();
  }

  /**
   * Shape of the output where scales were given: each size is floor(scale input size).
   *
   * @throws IllegalArgumentException if the input is not of rank 5
   * @throws IllegalStateException if no scales were given
   */
  public Shape outputShape(Shape input) {
    if (scale[0] == 0) {
      throw new IllegalStateException("resize: no scales were given, so the output says its size");
    }
    if (input.rank() != 5) {
      throw new IllegalArgumentException(
          "resize: input " + input + ", expected (N, C, D, H, W) for 3 scales");
    }
    long[] sizes = input.toArray();
    for (int axis = 0; axis < 3; axis++) {
      sizes[axis + 2] = (long) Math.floor(scale[axis] * (double) sizes[axis + 2]);
    }
    return Shape.of(sizes);
  }

  /**
   * Writes {@code output}, whose shape says the size.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both, or a given scale
   *     does not lead from one size to the other
   */
  public void apply(Tensor input, Tensor output) {
    try (NativeCall call = new NativeCall(input.context())) {
      vk_resize_params params = params(call);
      vk_view i = call.view(input);
      vk_view o = call.view(output);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_resize_plan(call.context(), i, params, o, plan));
      Status.check(Voxkern.vk_resize(call.context(), plan, i, params, call.workspace(plan), o));
    }
  }

  /**
   * Writes dL/dinput, of the input's shape, given {@code upstream} = dL/doutput: the adjoint.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void gradient(Tensor upstream, Tensor gradient) {
    try (NativeCall call = new NativeCall(upstream.context())) {
      vk_resize_params params = params(call);
      vk_view u = call.view(upstream);
      vk_view d = call.view(gradient);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_resize_gradient_plan(call.context(), u, params, d, plan));
      Status.check(
          Voxkern.vk_resize_gradient(call.context(), plan, u, params, call.workspace(plan), d));
    }
  }

  private vk_resize_params params(NativeCall call) {
    vk_resize_params params = call.own(new vk_resize_params());
    params
        .struct_size(params.sizeof())
        .mode(mode.ordinal())
        .coordinates(coordinates.ordinal())
        .nearest(rounding.ordinal())
        .exclude_outside(excludeOutside ? 1 : 0)
        .antialias(antialias ? 1 : 0)
        .cubic_coefficient(cubicCoefficient)
        .extrapolation_value(extrapolationValue);
    for (int axis = 0; axis < 3; axis++) {
      params.scale(axis, scale[axis]).roi_begin(axis, roiBegin[axis]).roi_end(axis, roiEnd[axis]);
    }
    return params;
  }

  /** Options: half-pixel coordinates, rounding that prefers the floor, a = -0.75, no filter. */
  public static final class Builder {
    private final Mode mode;
    private Coordinates coordinates = Coordinates.HALF_PIXEL;
    private Rounding rounding = Rounding.ROUND_PREFER_FLOOR;
    private boolean excludeOutside;
    private boolean antialias;
    private double cubicCoefficient = -0.75;
    private double extrapolationValue;
    private double[] scale = {0, 0, 0};
    private double[] roiBegin = {0, 0, 0};
    private double[] roiEnd = {1, 1, 1};

    private Builder(Mode mode) {
      this.mode = Objects.requireNonNull(mode, "mode");
    }

    public Builder coordinates(Coordinates value) {
      coordinates = Objects.requireNonNull(value, "coordinates");
      return this;
    }

    /** For {@link Mode#NEAREST}. */
    public Builder rounding(Rounding value) {
      rounding = Objects.requireNonNull(value, "rounding");
      return this;
    }

    /**
     * Whether taps outside do not count, the others' weights then summing to 1; else the edge
     * continues.
     */
    public Builder excludeOutside(boolean value) {
      excludeOutside = value;
      return this;
    }

    /**
     * Whether linear and cubic filters are as wide as an output voxel where the output is smaller.
     */
    public Builder antialias(boolean value) {
      antialias = value;
      return this;
    }

    /** The coefficient a of cubic convolution. */
    public Builder cubicCoefficient(double value) {
      cubicCoefficient = value;
      return this;
    }

    /** Beyond the input, for {@link Coordinates#TF_CROP_AND_RESIZE}. */
    public Builder extrapolationValue(double value) {
      extrapolationValue = value;
      return this;
    }

    /** Output voxels an input voxel, where that is not quite the ratio of the sizes. */
    public Builder scale(double z, double y, double x) {
      scale = new double[] {z, y, x};
      return this;
    }

    /** Where the region of interest begins; 0 and 1 are the centres of the outermost voxels. */
    public Builder roiBegin(double z, double y, double x) {
      roiBegin = new double[] {z, y, x};
      return this;
    }

    public Builder roiEnd(double z, double y, double x) {
      roiEnd = new double[] {z, y, x};
      return this;
    }

    /**
     * @throws IllegalArgumentException if a scale is negative, or a number is not finite
     */
    public Resize build() {
      for (int axis = 0; axis < 3; axis++) {
        if (!(scale[axis] >= 0 && Double.isFinite(scale[axis]))) {
          throw new IllegalArgumentException(
              "resize: scale " + scale[axis] + " along " + "zyx".charAt(axis));
        }
        if (!Double.isFinite(roiBegin[axis]) || !Double.isFinite(roiEnd[axis])) {
          throw new IllegalArgumentException(
              "resize: region of interest from " + roiBegin[axis] + " to " + roiEnd[axis]);
        }
      }
      if (!Double.isFinite(cubicCoefficient)) {
        throw new IllegalArgumentException("resize: cubic coefficient " + cubicCoefficient);
      }
      return new Resize(this);
    }
  }
}
