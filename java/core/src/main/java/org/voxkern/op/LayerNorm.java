package org.voxkern.op;

import java.util.Arrays;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_layer_norm_params;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Brings the elements of the last axes to mean 0 and variance 1: output = (input - mean) /
 * sqrt(variance + epsilon) scale + shift, with a scale and a shift an element, the variance biased.
 * The variant by the root mean square takes no mean off.
 *
 * <p>Input and output are alike, of any rank; scale and shift have the sizes from the axis on, the
 * statistics those before it. All f32, or f64 on the reference backend. The output may be the
 * input. NaN or an infinity makes all that are normalised with it NaN. {@code
 * kernels/layer_norm/README.md} states the error bounds. Sources: Ba, Kiros and Hinton, "Layer
 * Normalization", 2016; Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019. Instances
 * are immutable.
 */
public final class LayerNorm {
  private final int axis;
  private final double epsilon;
  private final boolean rootMeanSquare;

  private LayerNorm(Builder builder) {
    axis = builder.axis;
    epsilon = builder.epsilon;
    rootMeanSquare = builder.rootMeanSquare;
  }

  public static Builder builder() {
    return new Builder();
  }

  /** The output has the input's shape. */
  public Shape outputShape(Shape input) {
    return input;
  }

  /** Of scale and shift: the sizes from the axis on. */
  public Shape scaleShape(Shape input) {
    return Shape.of(Arrays.copyOfRange(input.toArray(), axis, input.rank()));
  }

  /** Of the mean and the inverse deviation: the sizes before the axis. */
  public Shape statisticsShape(Shape input) {
    return Shape.of(Arrays.copyOfRange(input.toArray(), 0, axis));
  }

  /** Writes {@code output}; scale and shift may be null. */
  public void apply(Tensor input, Tensor scale, Tensor shift, Tensor output) {
    apply(input, scale, shift, output, null, null);
  }

  /**
   * Writes {@code output}, and what the gradient needs: mean and 1 / sqrt(variance + epsilon). Each
   * of the four that are not input and output may be null.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void apply(
      Tensor input,
      Tensor scale,
      Tensor shift,
      Tensor output,
      Tensor mean,
      Tensor inverseDeviation) {
    try (NativeCall call = new NativeCall(input.context())) {
      vk_layer_norm_params params = params(call);
      vk_view i = call.view(input);
      vk_view a = call.view(scale);
      vk_view b = call.view(shift);
      vk_view o = call.view(output);
      vk_view m = call.view(mean);
      vk_view d = call.view(inverseDeviation);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_layer_norm_plan(call.context(), i, a, b, params, o, m, d, plan));
      Status.check(
          Voxkern.vk_layer_norm(
              call.context(), plan, i, a, b, params, call.workspace(plan), o, m, d));
    }
  }

  /**
   * Gradients from the statistics that {@link #apply} wrote; the mean is null for the variant by
   * the root mean square. Scale and each of the three gradients may be null.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void gradient(
      Tensor input,
      Tensor scale,
      Tensor mean,
      Tensor inverseDeviation,
      Tensor outputGradient,
      Tensor inputGradient,
      Tensor scaleGradient,
      Tensor shiftGradient) {
    try (NativeCall call = new NativeCall(input.context())) {
      vk_layer_norm_params params = params(call);
      vk_view i = call.view(input);
      vk_view a = call.view(scale);
      vk_view m = call.view(mean);
      vk_view d = call.view(inverseDeviation);
      vk_view g = call.view(outputGradient);
      vk_view toInput = call.view(inputGradient);
      vk_view toScale = call.view(scaleGradient);
      vk_view toShift = call.view(shiftGradient);
      vk_plan plan = call.plan();
      Status.check(
          Voxkern.vk_layer_norm_gradient_plan(
              call.context(), i, a, m, d, g, params, toInput, toScale, toShift, plan));
      Status.check(
          Voxkern.vk_layer_norm_gradient(
              call.context(),
              plan,
              i,
              a,
              m,
              d,
              g,
              params,
              call.workspace(plan),
              toInput,
              toScale,
              toShift));
    }
  }

  private vk_layer_norm_params params(NativeCall call) {
    vk_layer_norm_params params = call.own(new vk_layer_norm_params());
    return params
        .struct_size(params.sizeof())
        .axis(axis)
        .root_mean_square(rootMeanSquare ? 1 : 0)
        .epsilon(epsilon);
  }

  /** Axis 1 and what follows, epsilon 1e-5 unless given. */
  public static final class Builder {
    private int axis = 1;
    private double epsilon = 1e-5;
    private boolean rootMeanSquare;

    private Builder() {}

    /** The first of the axes that are normalised together. */
    public Builder axis(int value) {
      axis = value;
      return this;
    }

    /** Added to the variance. */
    public Builder epsilon(double value) {
      epsilon = value;
      return this;
    }

    /** Divides by the root of the mean square, and takes no mean off. */
    public Builder rootMeanSquare(boolean value) {
      rootMeanSquare = value;
      return this;
    }

    public LayerNorm build() {
      return new LayerNorm(this);
    }
  }
}
