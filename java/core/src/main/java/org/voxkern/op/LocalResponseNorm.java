package org.voxkern.op;

import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_local_response_norm_params;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Divides every value by a power of its neighbours' squares in other channels: output(c) = input(c)
 * / (bias + alpha / size &Sigma; input(c')&sup2;)^beta, over a window of channels about c.
 *
 * <p>Tensors are (N, C, ...), input and output alike, the output not the input; f32, or f64 on the
 * reference backend. Channels outside count as 0, but the size does not change. {@code
 * kernels/local_response_norm/README.md} states the error bounds. Source: Krizhevsky, Sutskever and
 * Hinton, "ImageNet Classification with Deep Convolutional Neural Networks", 2012. Instances are
 * immutable.
 */
public final class LocalResponseNorm {
  private final long size;
  private final long before;
  private final double alpha;
  private final double beta;
  private final double bias;

  private LocalResponseNorm(Builder builder) {
    size = builder.size;
    before = builder.before < 0 ? (size - 1) / 2 : builder.before;
    alpha = builder.alpha;
    beta = builder.beta;
    bias = builder.bias;
  }

  /** A window of this many channels. */
  public static Builder builder(long size) {
    return new Builder(size);
  }

  /** The output has the input's shape. */
  public Shape outputShape(Shape input) {
    return input;
  }

  /**
   * Writes {@code output}.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void apply(Tensor input, Tensor output) {
    try (NativeCall call = new NativeCall(input.context())) {
      vk_local_response_norm_params params = params(call);
      vk_view i = call.view(input);
      vk_view o = call.view(output);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_local_response_norm_plan(call.context(), i, params, o, plan));
      Status.check(
          Voxkern.vk_local_response_norm(call.context(), plan, i, params, call.workspace(plan), o));
    }
  }

  /**
   * Writes {@code inputGradient}, from the input and the gradient of the output.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void gradient(Tensor input, Tensor outputGradient, Tensor inputGradient) {
    try (NativeCall call = new NativeCall(input.context())) {
      vk_local_response_norm_params params = params(call);
      vk_view i = call.view(input);
      vk_view g = call.view(outputGradient);
      vk_view o = call.view(inputGradient);
      vk_plan plan = call.plan();
      Status.check(
          Voxkern.vk_local_response_norm_gradient_plan(call.context(), i, g, params, o, plan));
      Status.check(
          Voxkern.vk_local_response_norm_gradient(
              call.context(), plan, i, g, params, call.workspace(plan), o));
    }
  }

  private vk_local_response_norm_params params(NativeCall call) {
    vk_local_response_norm_params params = call.own(new vk_local_response_norm_params());
    return params
        .struct_size(params.sizeof())
        .size(size)
        .before(before)
        .alpha(alpha)
        .beta(beta)
        .bias(bias);
  }

  /** Alpha 1e-4, beta 0.75, bias 1 unless given. */
  public static final class Builder {
    private final long size;
    private long before = -1;
    private double alpha = 1e-4;
    private double beta = 0.75;
    private double bias = 1;

    private Builder(long size) {
      this.size = size;
    }

    /**
     * Channels of the window before its own: (size - 1) / 2 unless given, as in ONNX; PyTorch has
     * size / 2.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public Builder before(long value) {
      if (value < 0) {
        throw new IllegalArgumentException(
            "local_response_norm: before is " + value + ", expected 0 or more");
      }
      before = value;
      return this;
    }

    public Builder alpha(double value) {
      alpha = value;
      return this;
    }

    public Builder beta(double value) {
      beta = value;
      return this;
    }

    public Builder bias(double value) {
      bias = value;
      return this;
    }

    public LocalResponseNorm build() {
      return new LocalResponseNorm(this);
    }
  }
}
