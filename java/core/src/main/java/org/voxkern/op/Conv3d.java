package org.voxkern.op;

import java.util.Objects;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_conv3d_params;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Convolution as networks have it (cross-correlation): output(n, o, v) = activation(&Sigma;
 * weights(o, c, k) input(n, c, v stride + k dilation - padding) + bias(o) + residual(n, o, v)).
 *
 * <p>{@link #gradientInput} and {@link #gradientWeights} take the gradient of the sum, before the
 * activation, whose derivative is the caller's.
 *
 * <p>Shapes: input (N, C, D, H, W), weights (O, C / groups, kz, ky, kx), bias (O), residual and
 * output (N, O, D', H', W') with D' = floor((D + padding - (kz - 1) dilation - 1) / stride) + 1; a
 * 2D case has depth 1. All f32, or f64 on the reference backend. Outside the input are zeros, which
 * are multiplied like other values. Axes are always in the order z, y, x. {@code
 * kernels/conv3d/README.md} states the error bounds. Instances are immutable and may be shared by
 * threads.
 */
public final class Conv3d {
  /**
   * Error that is accepted unless a builder is told otherwise, relative in the Frobenius norm.
   * Winograd's algorithm stays within it, and so do products of values in two parts of bfloat16.
   */
  public static final double USUAL_ACCURACY = 1e-5;

  /**
   * Less than any implementation promises: the most accurate one, which sums products directly, up
   * to 2e-6 over 256 channels of 3 x 3 x 3 taps.
   */
  public static final double MOST_ACCURATE = Double.MIN_NORMAL;

  /**
   * Lets bfloat16 be multiplied, and its products summed in f32, where the processor has
   * instructions for it; elsewhere results are as accurate as ever.
   */
  public static final double BFLOAT16_ACCURACY = 1e-2;

  /** What is applied last; in the order of {@code vk_activation}. NaN stays NaN. */
  public enum Activation {
    NONE,
    /** max(0, x). */
    RELU,
    /** x, or below zero negativeSlope x. */
    LEAKY_RELU
  }

  /**
   * Weights in the order in which one implementation reads them, of this or of {@link
   * Conv3dTransposed}.
   */
  public static final class PackedWeights {
    private final ConvolutionKernel kernel;
    private final Shape shape;
    private final int implementation;
    private final Tensor tensor;

    PackedWeights(ConvolutionKernel kernel, Shape shape, int implementation, Tensor tensor) {
      this.kernel = kernel;
      this.shape = shape;
      this.implementation = implementation;
      this.tensor = tensor;
    }

    /** Shape of the weights before packing. */
    public Shape shape() {
      return shape;
    }

    /** The packed values, whose scope decides how long they live. */
    public Tensor tensor() {
      return tensor;
    }

    ConvolutionKernel kernel() {
      return kernel;
    }

    int implementation() {
      return implementation;
    }
  }

  private static final ConvolutionKernel KERNEL = ConvolutionKernel.CONVOLUTION;

  private final long groups;
  private final long[] stride;
  private final long[] dilation;
  private final long[] paddingBegin;
  private final long[] paddingEnd;
  private final Activation activation;
  private final double negativeSlope;
  private final double accuracy;

  private Conv3d(Builder builder) {
    groups = builder.groups;
    stride = builder.stride;
    dilation = builder.dilation;
    paddingBegin = builder.paddingBegin;
    paddingEnd = builder.paddingEnd;
    activation = builder.activation;
    negativeSlope = builder.negativeSlope;
    accuracy = builder.accuracy;
  }

  public static Builder builder() {
    return new Builder();
  }

  public long groups() {
    return groups;
  }

  /** Along z, y, x. */
  public long[] stride() {
    return stride.clone();
  }

  /** Along z, y, x. */
  public long[] dilation() {
    return dilation.clone();
  }

  /** Along z, y, x. */
  public long[] paddingBegin() {
    return paddingBegin.clone();
  }

  /** Along z, y, x. */
  public long[] paddingEnd() {
    return paddingEnd.clone();
  }

  public Activation activation() {
    return activation;
  }

  /** Error that is accepted, relative in the Frobenius norm. */
  public double accuracy() {
    return accuracy;
  }

  /** Of {@link Activation#LEAKY_RELU}. */
  public double negativeSlope() {
    return negativeSlope;
  }

  /** A builder with these options. */
  public Builder toBuilder() {
    Builder builder = new Builder();
    builder.groups = groups;
    builder.stride = stride;
    builder.dilation = dilation;
    builder.paddingBegin = paddingBegin;
    builder.paddingEnd = paddingEnd;
    builder.activation = activation;
    builder.negativeSlope = negativeSlope;
    builder.accuracy = accuracy;
    return builder;
  }

  /**
   * Shape of the output.
   *
   * @throws IllegalArgumentException if the shapes do not fit each other, naming both
   */
  public Shape outputShape(Shape input, Shape weights) {
    if (input.rank() != 5 || weights.rank() != 5) {
      throw new IllegalArgumentException(
          "conv3d: input " + input + " and weights " + weights + ", expected rank 5 for both");
    }
    if (input.size(1) != weights.size(1) * groups || weights.size(0) % groups != 0) {
      throw new IllegalArgumentException(
          "conv3d: input "
              + input
              + " and weights "
              + weights
              + " do not fit "
              + groups
              + " groups: expected weights (O, C / groups, kz, ky, kx), O a multiple of the"
              + " groups");
    }
    long[] sizes = {input.size(0), weights.size(0), 0, 0, 0};
    for (int axis = 0; axis < 3; axis++) {
      long padded = input.size(axis + 2) + paddingBegin[axis] + paddingEnd[axis];
      long extent = (weights.size(axis + 2) - 1) * dilation[axis] + 1;
      if (padded != 0 && padded < extent) {
        throw new IllegalArgumentException(
            "conv3d: along "
                + "zyx".charAt(axis)
                + " the kernel of weights "
                + weights
                + " reaches over "
                + extent
                + " voxels, but input "
                + input
                + " has "
                + padded
                + " with its padding");
      }
      sizes[axis + 2] = padded == 0 ? 0 : (padded - extent) / stride[axis] + 1;
    }
    return Shape.of(sizes);
  }

  /**
   * Packs weights for inputs of a shape, into a tensor of the innermost scope. They serve other
   * shapes too where the same implementation takes them.
   *
   * @throws IllegalArgumentException if shapes or types do not fit, naming both
   */
  public PackedWeights pack(Tensor weights, Shape input) {
    try (NativeCall call = new NativeCall(weights.context())) {
      vk_plan plan = planned(call, weights.type(), input, weights.shape());
      return KERNEL.packed(call, plan, weights, params(call, weights.shape()));
    }
  }

  /** Bytes of packed weights, and of scratch memory during a call. */
  public record Memory(long packedBytes, long scratchBytes) {}

  /**
   * What inputs of a shape take on a context beside themselves and the output.
   *
   * @throws IllegalArgumentException if the shapes do not fit, naming both
   */
  public Memory memory(Context context, ElementType type, Shape input, Shape weights) {
    try (NativeCall call = new NativeCall(context)) {
      vk_plan plan = planned(call, type, input, weights);
      return new Memory(plan.packed_bytes(), plan.workspace_bytes());
    }
  }

  /**
   * Name of the implementation that takes inputs of a shape on a context, as {@link
   * Context#operations} lists them; on a CUDA device its number.
   *
   * @throws IllegalArgumentException if the shapes do not fit, naming both
   */
  public String implementation(Context context, ElementType type, Shape input, Shape weights) {
    try (NativeCall call = new NativeCall(context)) {
      return call.implementation("conv3d", planned(call, type, input, weights));
    }
  }

  /** A plan without tensors. */
  private vk_plan planned(NativeCall call, ElementType type, Shape input, Shape weights) {
    Shape output = outputShape(input, weights);
    return KERNEL.planned(call, type, input, output, params(call, weights));
  }

  /**
   * Writes {@code output}; bias and residual may be null, and residual may be the output.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both, or if the weights
   *     are packed for another implementation than the one that takes this input
   */
  public void apply(
      Tensor input, PackedWeights weights, Tensor bias, Tensor residual, Tensor output) {
    outputShape(input.shape(), weights.shape);
    ConvolutionKernel.Packing packing = KERNEL.given(weights, input);
    KERNEL.apply(this, input, weights.shape, bias, residual, output, packing);
  }

  /** Writes {@code output} with weights that are packed for this call only. */
  public void apply(Tensor input, Tensor weights, Tensor bias, Tensor residual, Tensor output) {
    outputShape(input.shape(), weights.shape());
    ConvolutionKernel.Packing packing = KERNEL.packing(weights);
    KERNEL.apply(this, input, weights.shape(), bias, residual, output, packing);
  }

  /**
   * Writes {@code gradient}(n, c, p) = &Sigma; weights(o, c, k) upstream(n, o, v) over all v and k
   * with v stride + k dilation - padding = p: the gradient of the input, of the input's shape, for
   * that of the sum, of the output's shape. Weights are packed for this call only.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void gradientInput(Tensor upstream, Tensor weights, Tensor gradient) {
    requireOutput(gradient.shape(), weights.shape(), upstream.shape());
    try (NativeCall call = new NativeCall(upstream.context())) {
      vk_conv3d_params params = params(call, weights.shape());
      vk_view u = call.view(upstream);
      vk_view g = call.view(gradient);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_conv3d_gradient_input_plan(call.context(), u, params, g, plan));
      vk_view packed = call.view(call.own(ConvolutionKernel.room(weights, plan)));
      Status.check(
          Voxkern.vk_conv3d_gradient_input_pack(
              call.context(), plan, call.view(weights), params, packed));
      Status.check(
          Voxkern.vk_conv3d_gradient_input(
              call.context(), plan, u, packed, params, call.workspace(plan), g));
    }
  }

  /**
   * Writes {@code gradient}(o, c, k) = &Sigma; upstream(n, o, v) input(n, c, v stride + k dilation
   * - padding) over n and v, of the weights' shape, and {@code gradientBias}(o) = &Sigma;
   * upstream(n, o, v), of shape (O), which may be null.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void gradientWeights(Tensor upstream, Tensor input, Tensor gradient, Tensor gradientBias) {
    requireOutput(input.shape(), gradient.shape(), upstream.shape());
    try (NativeCall call = new NativeCall(upstream.context())) {
      vk_conv3d_params params = params(call, gradient.shape());
      vk_view u = call.view(upstream);
      vk_view i = call.view(input);
      vk_view g = call.view(gradient);
      vk_view b = call.view(gradientBias);
      vk_plan plan = call.plan();
      Status.check(
          Voxkern.vk_conv3d_gradient_weights_plan(call.context(), u, i, params, g, b, plan));
      Status.check(
          Voxkern.vk_conv3d_gradient_weights(
              call.context(), plan, u, i, params, call.workspace(plan), g, b));
    }
  }

  private void requireOutput(Shape input, Shape weights, Shape upstream) {
    Shape output = outputShape(input, weights);
    if (!upstream.equals(output)) {
      throw new IllegalArgumentException(
          "conv3d: upstream "
              + upstream
              + ", expected "
              + output
              + " for input "
              + input
              + " and weights "
              + weights);
    }
  }

  vk_conv3d_params params(NativeCall call, Shape weights) {
    vk_conv3d_params params = call.own(new vk_conv3d_params());
    params
        .struct_size(params.sizeof())
        .activation(activation.ordinal())
        .negative_slope(negativeSlope)
        .accuracy(accuracy)
        .tuning(call.tuning())
        .groups(groups);
    for (int axis = 0; axis < 3; axis++) {
      params
          .kernel(axis, weights.size(axis + 2))
          .stride(axis, stride[axis])
          .dilation(axis, dilation[axis])
          .padding_begin(axis, paddingBegin[axis])
          .padding_end(axis, paddingEnd[axis]);
    }
    return params;
  }

  /** Options of a convolution: stride and dilation 1, no padding, one group, no activation. */
  public static final class Builder {
    private long groups = 1;
    private long[] stride = {1, 1, 1};
    private long[] dilation = {1, 1, 1};
    private long[] paddingBegin = {0, 0, 0};
    private long[] paddingEnd = {0, 0, 0};
    private Activation activation = Activation.NONE;
    private double negativeSlope = 0.01;
    private double accuracy = USUAL_ACCURACY;

    private Builder() {}

    /** Groups of channels that do not see each other; as many as channels is depthwise. */
    public Builder groups(long value) {
      groups = value;
      return this;
    }

    public Builder stride(long z, long y, long x) {
      stride = new long[] {z, y, x};
      return this;
    }

    public Builder dilation(long z, long y, long x) {
      dilation = new long[] {z, y, x};
      return this;
    }

    /** Zeros before the first and after the last voxel, the same number at both ends. */
    public Builder padding(long z, long y, long x) {
      return paddingBegin(z, y, x).paddingEnd(z, y, x);
    }

    public Builder paddingBegin(long z, long y, long x) {
      paddingBegin = new long[] {z, y, x};
      return this;
    }

    public Builder paddingEnd(long z, long y, long x) {
      paddingEnd = new long[] {z, y, x};
      return this;
    }

    public Builder activation(Activation value) {
      activation = Objects.requireNonNull(value, "activation");
      return this;
    }

    /** Of the leaky rectifier; 0.01 unless given. */
    public Builder negativeSlope(double value) {
      negativeSlope = value;
      return this;
    }

    /**
     * Error that is accepted, relative in the Frobenius norm, for values spread evenly over [-1,
     * 1]: the fastest implementation within it is taken, the same whenever shape, type and
     * instruction set are the same. {@link #USUAL_ACCURACY} unless given; {@link #MOST_ACCURATE},
     * {@link #BFLOAT16_ACCURACY} or any other positive number.
     */
    public Builder accuracy(double value) {
      accuracy = value;
      return this;
    }

    /**
     * @throws IllegalArgumentException if a stride, a dilation or the groups are below 1, a padding
     *     is negative, the slope is not finite or the accuracy not positive
     */
    public Conv3d build() {
      require("groups", groups, 1);
      for (int axis = 0; axis < 3; axis++) {
        require("stride", stride[axis], 1);
        require("dilation", dilation[axis], 1);
        require("padding", paddingBegin[axis], 0);
        require("padding", paddingEnd[axis], 0);
      }
      if (!Double.isFinite(negativeSlope)) {
        throw new IllegalArgumentException(
            "conv3d: negativeSlope is " + negativeSlope + ", expected a finite number");
      }
      if (!(accuracy > 0)) {
        throw new IllegalArgumentException(
            "conv3d: accuracy is " + accuracy + ", expected a positive relative error");
      }
      return new Conv3d(this);
    }

    private static void require(String name, long value, long least) {
      if (value < least) {
        throw new IllegalArgumentException(
            "conv3d: " + name + " is " + value + ", expected " + least + " or more");
      }
    }
  }
}
