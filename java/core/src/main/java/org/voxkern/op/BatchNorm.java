package org.voxkern.op;

import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_batch_norm_params;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Brings every channel to mean 0 and variance 1: output = activation((input - mean) / sqrt(variance
 * + epsilon) scale + shift). In training by the channel's statistics over the batch, the variance
 * biased; in inference by running statistics.
 *
 * <p>Tensors are (N, C, ...), all of the channels' (C); f32, or f64 on the reference backend. The
 * output may be the input. Training with NaN or an infinity in a channel makes all of it NaN.
 * {@code kernels/batch_norm/README.md} states the error bounds. Source: Ioffe and Szegedy, "Batch
 * Normalization", 2015. Instances are immutable.
 */
public final class BatchNorm {
  private final double epsilon;
  private final double momentum;
  private final Activation activation;

  private BatchNorm(Builder builder) {
    epsilon = builder.epsilon;
    momentum = builder.momentum;
    activation = builder.activation;
  }

  public static Builder builder() {
    return new Builder();
  }

  /** The output has the input's shape. */
  public Shape outputShape(Shape input) {
    return input;
  }

  /**
   * Writes {@code output}, updates the running statistics, running = (1 - momentum) running +
   * momentum batch, with the unbiased variance, and writes what the gradient needs: mean and 1 /
   * sqrt(variance + epsilon). Scale, shift, the two running and the two written statistics may be
   * null.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void train(
      Tensor input,
      Tensor scale,
      Tensor shift,
      Tensor runningMean,
      Tensor runningVariance,
      Tensor output,
      Tensor mean,
      Tensor inverseDeviation) {
    run(input, scale, shift, runningMean, runningVariance, output, mean, inverseDeviation, true);
  }

  /**
   * Writes {@code output} by the running statistics, and, for the gradient, mean and 1 /
   * sqrt(variance + epsilon) of them. Scale, shift and the written statistics may be null.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void infer(
      Tensor input,
      Tensor scale,
      Tensor shift,
      Tensor runningMean,
      Tensor runningVariance,
      Tensor output,
      Tensor mean,
      Tensor inverseDeviation) {
    run(input, scale, shift, runningMean, runningVariance, output, mean, inverseDeviation, false);
  }

  private void run(
      Tensor input,
      Tensor scale,
      Tensor shift,
      Tensor runningMean,
      Tensor runningVariance,
      Tensor output,
      Tensor mean,
      Tensor inverseDeviation,
      boolean training) {
    try (NativeCall call = new NativeCall(input.context())) {
      vk_batch_norm_params params = params(call, training);
      vk_view i = call.view(input);
      vk_view a = call.view(scale);
      vk_view b = call.view(shift);
      vk_view rm = call.view(runningMean);
      vk_view rv = call.view(runningVariance);
      vk_view o = call.view(output);
      vk_view m = call.view(mean);
      vk_view d = call.view(inverseDeviation);
      vk_plan plan = call.plan();
      Status.check(
          Voxkern.vk_batch_norm_plan(call.context(), i, a, b, rm, rv, params, o, m, d, plan));
      Status.check(
          Voxkern.vk_batch_norm(
              call.context(), plan, i, a, b, rm, rv, params, call.workspace(plan), o, m, d));
    }
  }

  /**
   * Gradients of {@link #train}, through the statistics too, from those that it wrote. Each of the
   * three gradients may be null.
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
    gradient(
        input,
        scale,
        shift,
        mean,
        inverseDeviation,
        outputGradient,
        inputGradient,
        scaleGradient,
        shiftGradient,
        true);
  }

  /**
   * Gradients of {@link #infer}, whose statistics do not depend on the input. Each of the three
   * gradients may be null.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void inferenceGradient(
      Tensor input,
      Tensor scale,
      Tensor shift,
      Tensor mean,
      Tensor inverseDeviation,
      Tensor outputGradient,
      Tensor inputGradient,
      Tensor scaleGradient,
      Tensor shiftGradient) {
    gradient(
        input,
        scale,
        shift,
        mean,
        inverseDeviation,
        outputGradient,
        inputGradient,
        scaleGradient,
        shiftGradient,
        false);
  }

  private void gradient(
      Tensor input,
      Tensor scale,
      Tensor shift,
      Tensor mean,
      Tensor inverseDeviation,
      Tensor outputGradient,
      Tensor inputGradient,
      Tensor scaleGradient,
      Tensor shiftGradient,
      boolean training) {
    try (NativeCall call = new NativeCall(input.context())) {
      vk_batch_norm_params params = params(call, training);
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
          Voxkern.vk_batch_norm_gradient_plan(
              call.context(), i, a, b, m, d, g, params, toInput, toScale, toShift, plan));
      Status.check(
          Voxkern.vk_batch_norm_gradient(
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

  private vk_batch_norm_params params(NativeCall call, boolean training) {
    vk_batch_norm_params params = call.own(new vk_batch_norm_params());
    return params
        .struct_size(params.sizeof())
        .activation(activation.kind().ordinal())
        .negative_slope(activation.alpha())
        .training(training ? 1 : 0)
        .epsilon(epsilon)
        .momentum(momentum);
  }

  /** Epsilon 1e-5, momentum 0.1, no activation unless given. */
  public static final class Builder {
    private double epsilon = 1e-5;
    private double momentum = 0.1;
    private Activation activation = Activation.none();

    private Builder() {}

    /** Added to the variance. */
    public Builder epsilon(double value) {
      epsilon = value;
      return this;
    }

    /** Weight of a batch in the running statistics, 0 to 1; ONNX calls 1 less this the momentum. */
    public Builder momentum(double value) {
      momentum = value;
      return this;
    }

    /**
     * Applied last.
     *
     * @throws IllegalArgumentException unless it is none, ReLU or leaky ReLU
     */
    public Builder activation(Activation value) {
      activation = value.requireFused("batch_norm");
      return this;
    }

    public BatchNorm build() {
      return new BatchNorm(this);
    }
  }
}
