package org.voxkern.op;

import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_group_norm_params;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Brings every group of channels of an image to mean 0 and variance 1: output = activation((input -
 * mean) / sqrt(variance + epsilon) scale + shift), the variance biased. As many groups as channels
 * is instance normalisation, one group is layer normalisation.
 *
 * <p>Tensors are (N, C, ...), scale and shift (C) or null; f32, or f64 on the reference backend.
 * The output may be the input. NaN or an infinity in a group makes all of it NaN. {@code
 * kernels/group_norm/README.md} states the error bounds. Source: Wu and He, "Group Normalization",
 * 2018. Instances are immutable.
 */
public final class GroupNorm {
  private final long groups;
  private final double epsilon;
  private final Activation activation;

  private GroupNorm(Builder builder) {
    groups = builder.groups;
    epsilon = builder.epsilon;
    activation = builder.activation;
  }

  public static Builder builder() {
    return new Builder();
  }

  /** The output has the input's shape. */
  public Shape outputShape(Shape input) {
    return input;
  }

  /** Of the mean and the inverse deviation: (N, groups). */
  public Shape statisticsShape(Shape input) {
    return Shape.of(input.size(0), groups);
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
      vk_group_norm_params params = params(call);
      vk_view i = call.view(input);
      vk_view a = call.view(scale);
      vk_view b = call.view(shift);
      vk_view o = call.view(output);
      vk_view m = call.view(mean);
      vk_view d = call.view(inverseDeviation);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_group_norm_plan(call.context(), i, a, b, params, o, m, d, plan));
      Status.check(
          Voxkern.vk_group_norm(
              call.context(), plan, i, a, b, params, call.workspace(plan), o, m, d));
    }
  }

  /**
   * Gradients from the statistics that {@link #apply} wrote; scale and shift are those of the call
   * forward. Each of the three gradients may be null.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void gradient(
      Tensor input,
      Tensor scale,
      Tensor shift,
      Tensor mean,
      Tensor inverseDeviation,
      Tensor outputGradient,
      Tensor inputGradient,
      Tensor scaleGradient,
      Tensor shiftGradient) {
    try (NativeCall call = new NativeCall(input.context())) {
      vk_group_norm_params params = params(call);
      vk_view i = call.view(input);
      vk_view a = call.view(scale);
      vk_view b = call.view(shift);
      vk_view m = call.view(mean);
      vk_view d = call.view(inverseDeviation);
      vk_view g = call.view(outputGradient);
      vk_view toInput = call.view(inputGradient);
      vk_view toScale = call.view(scaleGradient);
      vk_view toShift = call.view(shiftGradient);
      vk_plan plan = call.plan();
      Status.check(
          Voxkern.vk_group_norm_gradient_plan(
              call.context(), i, a, b, m, d, g, params, toInput, toScale, toShift, plan));
      Status.check(
          Voxkern.vk_group_norm_gradient(
              call.context(),
              plan,
              i,
              a,
              b,
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

  private vk_group_norm_params params(NativeCall call) {
    vk_group_norm_params params = call.own(new vk_group_norm_params());
    return params
        .struct_size(params.sizeof())
        .activation(activation.kind().ordinal())
        .negative_slope(activation.alpha())
        .groups(groups)
        .epsilon(epsilon);
  }

  /** One group, epsilon 1e-5, no activation unless given. */
  public static final class Builder {
    private long groups = 1;
    private double epsilon = 1e-5;
    private Activation activation = Activation.none();

    private Builder() {}

    /** Must divide the channels. */
    public Builder groups(long value) {
      groups = value;
      return this;
    }

    /** Added to the variance. */
    public Builder epsilon(double value) {
      epsilon = value;
      return this;
    }

    /**
     * Applied last.
     *
     * @throws IllegalArgumentException unless it is none, ReLU or leaky ReLU
     */
    public Builder activation(Activation value) {
      activation = value.requireFused("group_norm");
      return this;
    }

    public GroupNorm build() {
      return new GroupNorm(this);
    }
  }
}
