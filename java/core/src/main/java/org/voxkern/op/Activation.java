package org.voxkern.op;

import java.util.Objects;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_activation_params;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * An element-wise function y = f(x) between the layers of a network, and its gradient.
 *
 * <p>Tensors of any shape, input and output alike; f32, or f64 on the reference backend. An output
 * may be an input of its own call. NaN gives NaN, in the gradient too; an infinity gives the
 * function's limit. At a kink the gradient is the one of the flat or lower side. {@code
 * kernels/activation/README.md} states the error bounds. Instances are immutable.
 */
public final class Activation {
  /** In the order of {@code vk_activation}. */
  public enum Kind {
    NONE,
    RELU,
    LEAKY_RELU,
    THRESHOLDED_RELU,
    CLIP,
    ELU,
    SELU,
    CELU,
    GELU,
    GELU_TANH,
    SIGMOID,
    LOG_SIGMOID,
    HARD_SIGMOID,
    TANH,
    SWISH,
    HARD_SWISH,
    SOFTPLUS,
    MISH,
    SOFTSIGN
  }

  private final Kind kind;
  private final double alpha;
  private final double beta;

  private Activation(Kind kind, double alpha, double beta) {
    this.kind = Objects.requireNonNull(kind, "kind");
    this.alpha = alpha;
    this.beta = beta;
  }

  /**
   * A function by its kind; the parameters are those of its factory method, in order, or whatever
   * where it has none.
   */
  public static Activation of(Kind kind, double alpha, double beta) {
    return new Activation(kind, alpha, beta);
  }

  /** The input itself. */
  public static Activation none() {
    return new Activation(Kind.NONE, 0, 0);
  }

  /** max(0, x). */
  public static Activation relu() {
    return new Activation(Kind.RELU, 0, 0);
  }

  /** x, below zero slope x. */
  public static Activation leakyRelu(double slope) {
    return new Activation(Kind.LEAKY_RELU, slope, 0);
  }

  /** x where x &gt; threshold, else 0. */
  public static Activation thresholdedRelu(double threshold) {
    return new Activation(Kind.THRESHOLDED_RELU, threshold, 0);
  }

  /** x held within [low, high]. */
  public static Activation clip(double low, double high) {
    return new Activation(Kind.CLIP, low, high);
  }

  /** x, below zero alpha (e^x - 1). */
  public static Activation elu(double alpha) {
    return new Activation(Kind.ELU, alpha, 0);
  }

  /** ELU with the constants that keep mean 0 and variance 1. */
  public static Activation selu() {
    return new Activation(Kind.SELU, 0, 0);
  }

  /** x, below zero alpha (e^(x / alpha) - 1). */
  public static Activation celu(double alpha) {
    return new Activation(Kind.CELU, alpha, 0);
  }

  /** x &Phi;(x), by the error function. */
  public static Activation gelu() {
    return new Activation(Kind.GELU, 0, 0);
  }

  /** x (1 + tanh(sqrt(2 / &pi;) (x + 0.044715 x&sup3;))) / 2. */
  public static Activation geluTanh() {
    return new Activation(Kind.GELU_TANH, 0, 0);
  }

  /** 1 / (1 + e^-x). */
  public static Activation sigmoid() {
    return new Activation(Kind.SIGMOID, 0, 0);
  }

  /** The logarithm of the sigmoid. */
  public static Activation logSigmoid() {
    return new Activation(Kind.LOG_SIGMOID, 0, 0);
  }

  /** alpha x + beta held within [0, 1]; ONNX has 0.2 and 0.5, PyTorch 1/6 and 0.5. */
  public static Activation hardSigmoid(double alpha, double beta) {
    return new Activation(Kind.HARD_SIGMOID, alpha, beta);
  }

  /** The hyperbolic tangent. */
  public static Activation tanh() {
    return new Activation(Kind.TANH, 0, 0);
  }

  /** x sigmoid(alpha x); SiLU with alpha 1. */
  public static Activation swish(double alpha) {
    return new Activation(Kind.SWISH, alpha, 0);
  }

  /** x (x / 6 + 1/2 held within [0, 1]). */
  public static Activation hardSwish() {
    return new Activation(Kind.HARD_SWISH, 0, 0);
  }

  /** ln(1 + e^(beta x)) / beta. */
  public static Activation softplus(double beta) {
    return new Activation(Kind.SOFTPLUS, beta, 0);
  }

  /** x tanh(ln(1 + e^x)). */
  public static Activation mish() {
    return new Activation(Kind.MISH, 0, 0);
  }

  /** x / (1 + |x|). */
  public static Activation softsign() {
    return new Activation(Kind.SOFTSIGN, 0, 0);
  }

  /** Clip to [0, 6]. */
  public static Activation relu6() {
    return clip(0, 6);
  }

  /** Swish with alpha 1. */
  public static Activation silu() {
    return swish(1);
  }

  public Kind kind() {
    return kind;
  }

  /** What the factory method took first; 0 where it takes nothing. */
  public double alpha() {
    return alpha;
  }

  /** What the factory method took second; 0 where it takes less. */
  public double beta() {
    return beta;
  }

  /** The output has the input's shape. */
  public Shape outputShape(Shape input) {
    return input;
  }

  /**
   * Writes {@code output}.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both, or a parameter makes
   *     no sense
   */
  public void apply(Tensor input, Tensor output) {
    try (NativeCall call = new NativeCall(input.context())) {
      vk_activation_params params = params(call);
      vk_view i = call.view(input);
      vk_view o = call.view(output);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_activation_forward_plan(call.context(), i, params, o, plan));
      Status.check(
          Voxkern.vk_activation_forward(call.context(), plan, i, params, call.workspace(plan), o));
    }
  }

  /**
   * inputGradient = outputGradient f'(input).
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both, or a parameter makes
   *     no sense
   */
  public void gradient(Tensor input, Tensor outputGradient, Tensor inputGradient) {
    try (NativeCall call = new NativeCall(input.context())) {
      vk_activation_params params = params(call);
      vk_view i = call.view(input);
      vk_view g = call.view(outputGradient);
      vk_view o = call.view(inputGradient);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_activation_gradient_plan(call.context(), i, g, params, o, plan));
      Status.check(
          Voxkern.vk_activation_gradient(
              call.context(), plan, i, g, params, call.workspace(plan), o));
    }
  }

  /**
   * The leaky rectifier with a learned slope: x, below zero slope(c) x. Input and output (N, C,
   * ...), slope (C), or (1) for all channels.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public static void prelu(Tensor input, Tensor slope, Tensor output) {
    try (NativeCall call = new NativeCall(input.context())) {
      vk_view i = call.view(input);
      vk_view s = call.view(slope);
      vk_view o = call.view(output);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_activation_prelu_plan(call.context(), i, s, o, plan));
      Status.check(
          Voxkern.vk_activation_prelu(call.context(), plan, i, s, call.workspace(plan), o));
    }
  }

  /**
   * Gradients of {@link #prelu}; either may be null.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public static void preluGradient(
      Tensor input,
      Tensor slope,
      Tensor outputGradient,
      Tensor inputGradient,
      Tensor slopeGradient) {
    try (NativeCall call = new NativeCall(input.context())) {
      vk_view i = call.view(input);
      vk_view s = call.view(slope);
      vk_view g = call.view(outputGradient);
      vk_view toInput = call.view(inputGradient);
      vk_view toSlope = call.view(slopeGradient);
      vk_plan plan = call.plan();
      Status.check(
          Voxkern.vk_activation_prelu_gradient_plan(
              call.context(), i, s, g, toInput, toSlope, plan));
      Status.check(
          Voxkern.vk_activation_prelu_gradient(
              call.context(), plan, i, s, g, call.workspace(plan), toInput, toSlope));
    }
  }

  /**
   * Of an operation that can apply some activations itself.
   *
   * @throws IllegalArgumentException unless this is none, ReLU or leaky ReLU
   */
  Activation requireFused(String operation) {
    if (kind.ordinal() > Kind.LEAKY_RELU.ordinal()) {
      throw new IllegalArgumentException(
          operation + ": activation is " + kind + ", expected NONE, RELU or LEAKY_RELU");
    }
    return this;
  }

  private vk_activation_params params(NativeCall call) {
    vk_activation_params params = call.own(new vk_activation_params());
    return params.struct_size(params.sizeof()).kind(kind.ordinal()).alpha(alpha).beta(beta);
  }
}
