package org.voxkern.op;

import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.vk_plan;
import org.voxkern.nativecall.NativeCall;

/**
 * Transposed convolution as networks have it, the adjoint of {@link Conv3d}: output(n, o, p) =
 * activation(&Sigma; weights(c, o, k) input(n, c, v) + bias(o) + residual(n, o, p)), over all v and
 * k with v stride + k dilation - padding = p.
 *
 * <p>Shapes: input (N, C, D, H, W), weights (C, O / groups, kz, ky, kx), bias (O), residual and
 * output (N, O, D', H', W') with D' = (D - 1) stride - padding + (kz - 1) dilation + 1 + output
 * padding; an axis of size 0 stays empty. All f32, or f64 on the reference backend. {@code
 * kernels/conv3d_transposed/README.md} states the error bounds. {@link #gradientInput} and {@link
 * #gradientWeights} take the gradient of the sum, before the activation, whose derivative is the
 * caller's. Instances are immutable and may be shared by threads.
 */
public final class Conv3dTransposed {
  private static final ConvolutionKernel KERNEL = ConvolutionKernel.TRANSPOSED;

  private final long[] outputPadding;

  /** Of the same parameters, which say how it runs. */
  private final Conv3d parameters;

  /** What the sum is the adjoint of. */
  private final Conv3d adjoint;

  private Conv3dTransposed(Builder builder) {
    outputPadding = builder.outputPadding;
    parameters = builder.convolution.build();
    adjoint = parameters.toBuilder().activation(Conv3d.Activation.NONE).build();
  }

  public static Builder builder() {
    return new Builder(Conv3d.builder());
  }

  public long groups() {
    return parameters.groups();
  }

  /** Along z, y, x. */
  public long[] stride() {
    return parameters.stride();
  }

  /** Along z, y, x. */
  public long[] dilation() {
    return parameters.dilation();
  }

  /** Along z, y, x. */
  public long[] paddingBegin() {
    return parameters.paddingBegin();
  }

  /** Along z, y, x. */
  public long[] paddingEnd() {
    return parameters.paddingEnd();
  }

  /** Along z, y, x. */
  public long[] outputPadding() {
    return outputPadding.clone();
  }

  /** Of {@link Conv3d.Activation#LEAKY_RELU}. */
  public double negativeSlope() {
    return parameters.negativeSlope();
  }

  public Conv3d.Activation activation() {
    return parameters.activation();
  }

  /** Error that is accepted, relative in the Frobenius norm. */
  public double accuracy() {
    return parameters.accuracy();
  }

  /** A builder with these options. */
  public Builder toBuilder() {
    Builder builder = new Builder(parameters.toBuilder());
    builder.outputPadding = outputPadding;
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
          "conv3d_transposed: input "
              + input
              + " and weights "
              + weights
              + ", expected rank 5 for both");
    }
    long groups = groups();
    if (input.size(1) != weights.size(0) || input.size(1) % groups != 0) {
      throw new IllegalArgumentException(
          "conv3d_transposed: input "
              + input
              + " and weights "
              + weights
              + " do not fit "
              + groups
              + " groups: expected weights (C, O / groups, kz, ky, kx), C a multiple of the"
              + " groups");
    }
    long[] sizes = {input.size(0), weights.size(1) * groups, 0, 0, 0};
    long[] stride = stride();
    long[] dilation = dilation();
    long[] paddingBegin = paddingBegin();
    long[] paddingEnd = paddingEnd();
    for (int axis = 0; axis < 3; axis++) {
      long size = input.size(axis + 2);
      if (size == 0) {
        continue;
      }
      sizes[axis + 2] =
          (size - 1) * stride[axis]
              + (weights.size(axis + 2) - 1) * dilation[axis]
              + 1
              - paddingBegin[axis]
              - paddingEnd[axis]
              + outputPadding[axis];
      if (sizes[axis + 2] < 0) {
        throw new IllegalArgumentException(
            "conv3d_transposed: along "
                + "zyx".charAt(axis)
                + " the padding takes more than input "
                + input
                + " and weights "
                + weights
                + " give");
      }
    }
    return Shape.of(sizes);
  }

  /**
   * What inputs of a shape take on a context beside themselves and the output.
   *
   * @throws IllegalArgumentException if the shapes do not fit, naming both
   */
  public Conv3d.Memory memory(Context context, ElementType type, Shape input, Shape weights) {
    try (NativeCall call = new NativeCall(context)) {
      vk_plan plan = planned(call, type, input, weights);
      return new Conv3d.Memory(plan.packed_bytes(), plan.workspace_bytes());
    }
  }

  /** A plan without tensors. */
  private vk_plan planned(NativeCall call, ElementType type, Shape input, Shape weights) {
    Shape output = outputShape(input, weights);
    return KERNEL.planned(call, type, input, output, parameters.params(call, weights));
  }

  /**
   * Packs weights for inputs of a shape, into a tensor of the innermost scope. They serve other
   * shapes too where the same implementation takes them.
   *
   * @throws IllegalArgumentException if shapes or types do not fit, naming both
   */
  public Conv3d.PackedWeights pack(Tensor weights, Shape input) {
    try (NativeCall call = new NativeCall(weights.context())) {
      vk_plan plan = planned(call, weights.type(), input, weights.shape());
      return KERNEL.packed(call, plan, weights, parameters.params(call, weights.shape()));
    }
  }

  /**
   * Writes {@code output}; bias and residual may be null, and residual may be the output.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both, or if the weights
   *     are packed for another implementation than the one that takes this input
   */
  public void apply(
      Tensor input, Conv3d.PackedWeights weights, Tensor bias, Tensor residual, Tensor output) {
    outputShape(input.shape(), weights.shape());
    ConvolutionKernel.Packing packing = KERNEL.given(weights, input);
    KERNEL.apply(parameters, input, weights.shape(), bias, residual, output, packing);
  }

  /** Writes {@code output} with weights that are packed for this call only. */
  public void apply(Tensor input, Tensor weights, Tensor bias, Tensor residual, Tensor output) {
    outputShape(input.shape(), weights.shape());
    ConvolutionKernel.Packing packing = KERNEL.packing(weights);
    KERNEL.apply(parameters, input, weights.shape(), bias, residual, output, packing);
  }

  /**
   * Writes the gradient of the input, of the input's shape, for that of the sum, of the output's
   * shape: the convolution of {@code upstream} with these weights.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both, or if the output
   *     padding is as large as the stride
   */
  public void gradientInput(Tensor upstream, Tensor weights, Tensor gradient) {
    requireGradients(upstream.shape(), weights.shape(), gradient.shape());
    adjoint.apply(upstream, weights, null, null, gradient);
  }

  /**
   * Writes {@code gradient}(c, o, k) = &Sigma; input(n, c, v) upstream(n, o, v stride + k dilation
   * - padding) over n and v, of the weights' shape, and {@code gradientBias}(o) = &Sigma;
   * upstream(n, o, p), of shape (O), which may be null.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both, or if the output
   *     padding is as large as the stride
   */
  public void gradientWeights(Tensor upstream, Tensor input, Tensor gradient, Tensor gradientBias) {
    requireGradients(upstream.shape(), gradient.shape(), input.shape());
    adjoint.gradientWeights(input, upstream, gradient, null);
    if (gradientBias != null) {
      sumUpstream(upstream, gradientBias);
    }
  }

  /** The gradient of a bias is that of any convolution, such as one that has no input channels. */
  private static void sumUpstream(Tensor upstream, Tensor gradientBias) {
    Shape shape = upstream.shape();
    Context context = upstream.context();
    Shape input = Shape.of(shape.size(0), 0, shape.size(2), shape.size(3), shape.size(4));
    Shape weights = Shape.of(shape.size(1), 0, 1, 1, 1);
    try (Tensor nothing = Tensor.uninitialized(context, upstream.type(), input);
        Tensor none = Tensor.uninitialized(context, upstream.type(), weights)) {
      Conv3d.builder().build().gradientWeights(upstream, nothing, none, gradientBias);
    }
  }

  private void requireGradients(Shape upstream, Shape weights, Shape input) {
    long[] stride = stride();
    for (int axis = 0; axis < 3; axis++) {
      if (outputPadding[axis] >= stride[axis]) {
        throw new IllegalArgumentException(
            "conv3d_transposed: gradients take output paddings below the stride only, along "
                + "zyx".charAt(axis)
                + " they are "
                + outputPadding[axis]
                + " and "
                + stride[axis]);
      }
    }
    Shape output = outputShape(input, weights);
    if (!upstream.equals(output)) {
      throw new IllegalArgumentException(
          "conv3d_transposed: upstream "
              + upstream
              + ", expected "
              + output
              + " for input "
              + input
              + " and weights "
              + weights);
    }
  }

  /**
   * Options of a transposed convolution: stride and dilation 1, no padding, one group, no
   * activation.
   */
  public static final class Builder {
    private final Conv3d.Builder convolution;
    private long[] outputPadding = {0, 0, 0};

    private Builder(Conv3d.Builder convolution) {
      this.convolution = convolution;
    }

    /** Groups of channels that do not see each other. */
    public Builder groups(long value) {
      convolution.groups(value);
      return this;
    }

    public Builder stride(long z, long y, long x) {
      convolution.stride(z, y, x);
      return this;
    }

    public Builder dilation(long z, long y, long x) {
      convolution.dilation(z, y, x);
      return this;
    }

    /** Voxels that the output lacks before its first and after its last. */
    public Builder padding(long z, long y, long x) {
      convolution.padding(z, y, x);
      return this;
    }

    public Builder paddingBegin(long z, long y, long x) {
      convolution.paddingBegin(z, y, x);
      return this;
    }

    public Builder paddingEnd(long z, long y, long x) {
      convolution.paddingEnd(z, y, x);
      return this;
    }

    /** Voxels that the output has beyond its last; fewer than the stride or the dilation. */
    public Builder outputPadding(long z, long y, long x) {
      outputPadding = new long[] {z, y, x};
      return this;
    }

    public Builder activation(Conv3d.Activation value) {
      convolution.activation(value);
      return this;
    }

    /** Of the leaky rectifier; 0.01 unless given. */
    public Builder negativeSlope(double value) {
      convolution.negativeSlope(value);
      return this;
    }

    /** Error that is accepted; see {@link Conv3d.Builder#accuracy}. */
    public Builder accuracy(double value) {
      convolution.accuracy(value);
      return this;
    }

    /**
     * @throws IllegalArgumentException if a stride, a dilation or the groups are below 1, a padding
     *     is negative, an output padding negative or as large as stride and dilation, or the slope
     *     not finite
     */
    public Conv3dTransposed build() {
      Conv3dTransposed built = new Conv3dTransposed(this);
      long[] stride = built.stride();
      long[] dilation = built.dilation();
      for (int axis = 0; axis < 3; axis++) {
        long least = Math.max(stride[axis], dilation[axis]);
        if (outputPadding[axis] < 0 || outputPadding[axis] >= least) {
          throw new IllegalArgumentException(
              "conv3d_transposed: output padding is "
                  + outputPadding[axis]
                  + ", expected 0 to "
                  + (least - 1)
                  + " with stride "
                  + stride[axis]
                  + " and dilation "
                  + dilation[axis]);
        }
      }
      return built;
    }
  }
}
