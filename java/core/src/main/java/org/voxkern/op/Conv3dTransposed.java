package org.voxkern.op;

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
  /** Weights in the order in which one implementation reads them. */
  public static final class PackedWeights {
    private final Shape shape;
    private final int implementation;
    private final Tensor tensor;

    private PackedWeights(Shape shape, int implementation, Tensor tensor) {
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
  }

  private final long groups;
  private final long[] stride;
  private final long[] dilation;
  private final long[] paddingBegin;
  private final long[] paddingEnd;
  private final long[] outputPadding;

  /** With the activation: its parameters are these. */
  private final Conv3d parameters;

  /** What this is the adjoint of. */
  private final Conv3d adjoint;

  private Conv3dTransposed(Builder builder) {
    groups = builder.groups;
    stride = builder.stride;
    dilation = builder.dilation;
    paddingBegin = builder.paddingBegin;
    paddingEnd = builder.paddingEnd;
    outputPadding = builder.outputPadding;
    parameters =
        builder
            .convolution()
            .activation(builder.activation)
            .negativeSlope(builder.negativeSlope)
            .build();
    adjoint = builder.convolution().build();
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
    Builder builder = new Builder();
    builder.groups = groups;
    builder.stride = stride;
    builder.dilation = dilation;
    builder.paddingBegin = paddingBegin;
    builder.paddingEnd = paddingEnd;
    builder.outputPadding = outputPadding;
    builder.activation = parameters.activation();
    builder.negativeSlope = parameters.negativeSlope();
    builder.accuracy = parameters.accuracy();
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
    vk_plan plan = call.plan();
    vk_view none = call.view(null);
    Status.check(
        Voxkern.vk_conv3d_transposed_plan(
            call.context(),
            call.planned(type, input),
            none,
            none,
            parameters.params(call, weights),
            call.planned(type, output),
            plan));
    return plan;
  }

  /**
   * Packs weights for inputs of a shape, into a tensor of the innermost scope. They serve other
   * shapes too where the same implementation takes them.
   *
   * @throws IllegalArgumentException if shapes or types do not fit, naming both
   */
  public PackedWeights pack(Tensor weights, Shape input) {
    try (NativeCall call = new NativeCall(weights.context())) {
      vk_conv3d_params params = parameters.params(call, weights.shape());
      vk_plan plan = planned(call, weights.type(), input, weights.shape());
      Tensor packed = Conv3d.packed(weights, plan);
      try {
        pack(call, plan, weights, params, packed);
      } catch (RuntimeException failure) {
        packed.close();
        throw failure;
      }
      return new PackedWeights(weights.shape(), plan.implementation(), packed);
    }
  }

  /**
   * Writes {@code output}; bias and residual may be null, and residual may be the output.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both, or if the weights
   *     are packed for another implementation than the one that takes this input
   */
  public void apply(
      Tensor input, PackedWeights weights, Tensor bias, Tensor residual, Tensor output) {
    run(
        input,
        weights.shape,
        bias,
        residual,
        output,
        (call, plan, params) -> {
          if (plan.implementation() != weights.implementation) {
            throw new IllegalArgumentException(
                "conv3d_transposed: the weights are packed for another implementation than the one"
                    + " that takes input "
                    + input.shape()
                    + " on this context; pack them for that shape");
          }
          return weights.tensor;
        });
  }

  /** Writes {@code output} with weights that are packed for this call only. */
  public void apply(Tensor input, Tensor weights, Tensor bias, Tensor residual, Tensor output) {
    run(
        input,
        weights.shape(),
        bias,
        residual,
        output,
        (call, plan, params) -> {
          Tensor packed = call.own(Conv3d.packed(weights, plan));
          pack(call, plan, weights, params, packed);
          return packed;
        });
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

  @FunctionalInterface
  private interface Packing {
    Tensor packed(NativeCall call, vk_plan plan, vk_conv3d_params params);
  }

  private void run(
      Tensor input, Shape weights, Tensor bias, Tensor residual, Tensor output, Packing packing) {
    outputShape(input.shape(), weights);
    try (NativeCall call = new NativeCall(input.context())) {
      vk_conv3d_params params = parameters.params(call, weights);
      vk_view i = call.view(input);
      vk_view b = call.view(bias);
      vk_view r = call.view(residual);
      vk_view o = call.view(output);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_conv3d_transposed_plan(call.context(), i, b, r, params, o, plan));
      vk_view packed = call.view(packing.packed(call, plan, params));
      Status.check(
          Voxkern.vk_conv3d_transposed(
              call.context(), plan, i, packed, b, r, params, call.workspace(plan), o));
    }
  }

  private static void pack(
      NativeCall call, vk_plan plan, Tensor weights, vk_conv3d_params params, Tensor packed) {
    Status.check(
        Voxkern.vk_conv3d_transposed_pack(
            call.context(), plan, call.view(weights), params, call.view(packed)));
  }

  /**
   * Options of a transposed convolution: stride and dilation 1, no padding, one group, no
   * activation.
   */
  public static final class Builder {
    private long groups = 1;
    private long[] stride = {1, 1, 1};
    private long[] dilation = {1, 1, 1};
    private long[] paddingBegin = {0, 0, 0};
    private long[] paddingEnd = {0, 0, 0};
    private long[] outputPadding = {0, 0, 0};
    private Conv3d.Activation activation = Conv3d.Activation.NONE;
    private double negativeSlope = 0.01;
    private double accuracy = Conv3d.USUAL_ACCURACY;

    private Builder() {}

    /** Groups of channels that do not see each other. */
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

    /** Voxels that the output lacks before its first and after its last. */
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

    /** Voxels that the output has beyond its last; fewer than the stride or the dilation. */
    public Builder outputPadding(long z, long y, long x) {
      outputPadding = new long[] {z, y, x};
      return this;
    }

    public Builder activation(Conv3d.Activation value) {
      activation = value;
      return this;
    }

    /** Of the leaky rectifier; 0.01 unless given. */
    public Builder negativeSlope(double value) {
      negativeSlope = value;
      return this;
    }

    /** Error that is accepted; see {@link Conv3d.Builder#accuracy}. */
    public Builder accuracy(double value) {
      accuracy = value;
      return this;
    }

    /**
     * @throws IllegalArgumentException if a stride, a dilation or the groups are below 1, a padding
     *     is negative, an output padding negative or as large as stride and dilation, or the slope
     *     not finite
     */
    public Conv3dTransposed build() {
      Conv3dTransposed built = new Conv3dTransposed(this);
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

    private Conv3d.Builder convolution() {
      return Conv3d.builder()
          .groups(groups)
          .stride(stride[0], stride[1], stride[2])
          .dilation(dilation[0], dilation[1], dilation[2])
          .paddingBegin(paddingBegin[0], paddingBegin[1], paddingBegin[2])
          .paddingEnd(paddingEnd[0], paddingEnd[1], paddingEnd[2])
          .accuracy(accuracy);
    }
  }
}
