package org.voxkern.op;

import java.util.Arrays;
import java.util.Objects;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_matmul_params;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Batched product of matrices: output = activation(alpha a b + beta c).
 *
 * <p>Shapes: a (..., M, K) or, transposed, (..., K, M); b (..., K, N) or (..., N, K); output (...,
 * M, N), its leading axes those of a and b broadcast to each other. A vector a (K) is a row that
 * the output lacks, a vector b (K) a column, as in {@code torch.matmul}. c broadcasts to (..., M,
 * N), as in ONNX Gemm. All f32, or f64 on the reference backend. {@code kernels/matmul/README.md}
 * states the error bounds. The gradients are of alpha a b + beta c, before the activation.
 * Instances are immutable and may be shared by threads.
 */
public final class Matmul {
  /** A matrix, or a batch of them, in the order in which one implementation reads it. */
  public static final class PackedMatrix {
    private final Shape shape;
    private final int implementation;
    private final Tensor tensor;

    private PackedMatrix(Shape shape, int implementation, Tensor tensor) {
      this.shape = shape;
      this.implementation = implementation;
      this.tensor = tensor;
    }

    /** Shape before packing. */
    public Shape shape() {
      return shape;
    }

    /** The packed values, whose scope decides how long they live. */
    public Tensor tensor() {
      return tensor;
    }
  }

  private final boolean transposeA;
  private final boolean transposeB;
  private final double alpha;
  private final double beta;
  private final Conv3d.Activation activation;
  private final double negativeSlope;
  private final double accuracy;

  private Matmul(Builder builder) {
    transposeA = builder.transposeA;
    transposeB = builder.transposeB;
    alpha = builder.alpha;
    beta = builder.beta;
    activation = builder.activation;
    negativeSlope = builder.negativeSlope;
    accuracy = builder.accuracy;
  }

  public static Builder builder() {
    return new Builder();
  }

  /**
   * Shape of the output.
   *
   * @throws IllegalArgumentException if the shapes do not fit each other, naming both
   */
  public Shape outputShape(Shape a, Shape b) {
    Shape product = product(matrixA(a), matrixB(b), a, b);
    int rank = product.rank();
    long[] sizes = new long[rank - (a.rank() == 1 ? 1 : 0) - (b.rank() == 1 ? 1 : 0)];
    int at = 0;
    for (int axis = 0; axis < rank; axis++) {
      boolean left = axis == rank - 2 && a.rank() == 1 || axis == rank - 1 && b.rank() == 1;
      if (!left) {
        sizes[at++] = product.size(axis);
      }
    }
    return Shape.of(sizes);
  }

  /**
   * Packs b for products with matrices of a shape, into a tensor of the innermost scope. It serves
   * other shapes of a too.
   *
   * @throws IllegalArgumentException if shapes or types do not fit, naming both
   */
  public PackedMatrix pack(Tensor b, Shape a) {
    Shape ofA = matrixA(a);
    Shape ofB = matrixB(b.shape());
    Shape product = product(ofA, ofB, a, b.shape());
    try (NativeCall call = new NativeCall(b.context())) {
      vk_matmul_params params = params(call);
      vk_view view = call.view(b, ofB);
      vk_plan plan = call.plan();
      Status.check(
          Voxkern.vk_matmul_plan(
              call.context(),
              call.planned(b.type(), ofA),
              view,
              call.view(null),
              params,
              call.planned(b.type(), product),
              plan));
      long elements = plan.packed_bytes() / b.type().bytes();
      Tensor packed = Tensor.uninitialized(b.context(), b.type(), Shape.of(elements));
      try {
        Status.check(Voxkern.vk_matmul_pack(call.context(), plan, view, params, call.view(packed)));
      } catch (RuntimeException failure) {
        packed.close();
        throw failure;
      }
      return new PackedMatrix(b.shape(), plan.implementation(), packed);
    }
  }

  /**
   * Writes {@code output}; c may be null, and may be the output.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void apply(Tensor a, Tensor b, Tensor c, Tensor output) {
    requireOutput(a.shape(), b.shape(), output);
    run(Operand.of(a, matrixA(a.shape())), Operand.of(b, matrixB(b.shape())), null, c, output);
  }

  /**
   * The same with b packed before.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both, or if b is packed
   *     for another implementation
   */
  public void apply(Tensor a, PackedMatrix b, Tensor c, Tensor output) {
    requireOutput(a.shape(), b.shape, output);
    run(Operand.of(a, matrixA(a.shape())), new Operand(null, matrixB(b.shape)), b, c, output);
  }

  /**
   * Writes the gradient of a, of a's shape, summed over the axes along which a is broadcast.
   *
   * @param gradient of the output, before the activation
   */
  public void gradientA(Tensor gradient, Tensor b, Tensor gradientA) {
    Shape ofA = matrixA(gradientA.shape());
    Operand g = gradientOperand(gradientA.shape(), b.shape(), gradient);
    Operand other = Operand.of(b, matrixB(b.shape()));
    if (transposeA) {
      transposed(transposeB, true).summed(other, g, gradientA, ofA);
    } else {
      transposed(false, !transposeB).summed(g, other, gradientA, ofA);
    }
  }

  /**
   * Writes the gradient of b, of b's shape, summed over the axes along which b is broadcast.
   *
   * @param gradient of the output, before the activation
   */
  public void gradientB(Tensor a, Tensor gradient, Tensor gradientB) {
    Shape ofB = matrixB(gradientB.shape());
    Operand g = gradientOperand(a.shape(), gradientB.shape(), gradient);
    Operand other = Operand.of(a, matrixA(a.shape()));
    if (!transposeA && ofB.rank() == 2 && batch(other.shape).equals(batch(g.shape))) {
      // The sum over the batch is one over rows.
      other = other.asRows();
      g = g.asRows();
    }
    if (transposeB) {
      transposed(true, transposeA).summed(g, other, gradientB, ofB);
    } else {
      transposed(!transposeA, false).summed(other, g, gradientB, ofB);
    }
  }

  /**
   * Writes the gradient of c, of c's shape, summed over the axes along which c is broadcast.
   *
   * @param gradient of the output, before the activation; a matrix or a batch of them
   */
  public void gradientC(Tensor gradient, Tensor gradientC) {
    sum(Operand.of(gradient, gradient.shape()), beta, gradientC, gradientC.shape());
  }

  /** A tensor whose elements are seen as matrices. */
  private static final class Operand {
    final Tensor tensor;
    final Shape shape;

    Operand(Tensor tensor, Shape shape) {
      this.tensor = tensor;
      this.shape = shape;
    }

    static Operand of(Tensor tensor, Shape shape) {
      return new Operand(tensor, shape);
    }

    Operand asRows() {
      long columns = shape.size(shape.rank() - 1);
      long rows = 1;
      for (int axis = 0; axis < shape.rank() - 1; axis++) {
        rows *= shape.size(axis);
      }
      return new Operand(tensor, Shape.of(rows, columns));
    }
  }

  private Matmul transposed(boolean a, boolean b) {
    Builder builder = builder().alpha(alpha);
    builder.transposeA = a;
    builder.transposeB = b;
    return builder.build();
  }

  private Shape matrixA(Shape a) {
    return matrix("a", a, transposeA, true);
  }

  private Shape matrixB(Shape b) {
    return matrix("b", b, transposeB, false);
  }

  private static Shape matrix(String name, Shape shape, boolean transposed, boolean row) {
    if (shape.rank() == 0 || shape.rank() == 1 && transposed) {
      throw new IllegalArgumentException(
          "matmul: "
              + name
              + " is "
              + shape
              + (transposed ? " and transposed" : "")
              + ", expected a matrix or a vector that is not transposed");
    }
    if (shape.rank() > 1) {
      return shape;
    }
    return row ? Shape.of(1, shape.size(0)) : Shape.of(shape.size(0), 1);
  }

  private static Shape batch(Shape shape) {
    return Shape.of(Arrays.copyOf(shape.toArray(), shape.rank() - 2));
  }

  /** Of matrices; the shapes as given are for the message. */
  private Shape product(Shape a, Shape b, Shape givenA, Shape givenB) {
    long depthA = a.size(a.rank() - (transposeA ? 2 : 1));
    long depthB = b.size(b.rank() - (transposeB ? 1 : 2));
    if (depthA != depthB) {
      throw new IllegalArgumentException(
          "matmul: a "
              + givenA
              + (transposeA ? " transposed" : "")
              + " and b "
              + givenB
              + (transposeB ? " transposed" : "")
              + ": the inner sizes "
              + depthA
              + " and "
              + depthB
              + " must agree");
    }
    int rank = Math.max(a.rank(), b.rank());
    long[] sizes = new long[rank];
    for (int fromEnd = 3; fromEnd <= rank; fromEnd++) {
      long ofA = fromEnd <= a.rank() ? a.size(a.rank() - fromEnd) : 1;
      long ofB = fromEnd <= b.rank() ? b.size(b.rank() - fromEnd) : 1;
      if (ofA != ofB && ofA != 1 && ofB != 1) {
        throw new IllegalArgumentException(
            "matmul: the leading axes of a " + givenA + " and b " + givenB + " do not broadcast");
      }
      sizes[rank - fromEnd] = ofA == 1 ? ofB : ofA;
    }
    sizes[rank - 2] = a.size(a.rank() - (transposeA ? 1 : 2));
    sizes[rank - 1] = b.size(b.rank() - (transposeB ? 2 : 1));
    return Shape.of(sizes);
  }

  private void requireOutput(Shape a, Shape b, Tensor output) {
    Shape expected = outputShape(a, b);
    if (!output.shape().equals(expected)) {
      throw new IllegalArgumentException(
          "matmul: output is "
              + output.shape()
              + ", expected "
              + expected
              + " as a is "
              + a
              + " and b "
              + b);
    }
  }

  private Operand gradientOperand(Shape a, Shape b, Tensor gradient) {
    requireOutput(a, b, gradient);
    return Operand.of(gradient, product(matrixA(a), matrixB(b), a, b));
  }

  private void run(Operand a, Operand b, PackedMatrix packed, Tensor c, Tensor output) {
    Shape product = product(a.shape, b.shape, a.shape, b.shape);
    try (NativeCall call = new NativeCall(output.context())) {
      run(call, a, b, packed, c, Operand.of(output, product));
    }
  }

  private void run(
      NativeCall call, Operand a, Operand b, PackedMatrix packed, Tensor c, Operand output) {
    vk_matmul_params params = params(call);
    vk_view viewA = call.view(a.tensor, a.shape);
    vk_view viewB =
        packed == null ? call.view(b.tensor, b.shape) : call.planned(packed.tensor.type(), b.shape);
    vk_view viewC = call.view(c);
    vk_view viewOutput = call.view(output.tensor, output.shape);
    vk_plan plan = call.plan();
    Status.check(
        Voxkern.vk_matmul_plan(call.context(), viewA, viewB, viewC, params, viewOutput, plan));
    if (packed != null && plan.implementation() != packed.implementation) {
      throw new IllegalArgumentException(
          "matmul: b is packed for another implementation than the one that multiplies on this"
              + " context");
    }
    Status.check(
        Voxkern.vk_matmul(
            call.context(),
            plan,
            viewA,
            viewB,
            call.view(packed == null ? null : packed.tensor),
            viewC,
            params,
            call.workspace(plan),
            viewOutput));
  }

  /** The product, summed over the leading axes that the target lacks. */
  private void summed(Operand a, Operand b, Tensor target, Shape shape) {
    Shape product = product(a.shape, b.shape, a.shape, b.shape);
    try (NativeCall call = new NativeCall(target.context())) {
      if (product.elementCount() == shape.elementCount()) {
        run(call, a, b, null, null, Operand.of(target, product));
        return;
      }
      Tensor every = call.own(Tensor.uninitialized(target.context(), target.type(), product));
      run(call, a, b, null, null, Operand.of(every, product));
      sum(Operand.of(every, product), 1, target, shape);
    }
  }

  /** target = scale times the sum over the axes along which its shape is broadcast. */
  private static void sum(Operand values, double scale, Tensor target, Shape shape) {
    long[] sizes = values.shape.toArray();
    int missing = sizes.length - shape.rank();
    boolean fits = missing >= 0;
    for (int axis = 0; axis < shape.rank() && fits; axis++) {
      fits = shape.size(axis) == 1 || shape.size(axis) == sizes[missing + axis];
    }
    if (!fits) {
      throw new IllegalArgumentException(
          "matmul: " + shape + " does not broadcast to " + values.shape);
    }
    Context context = target.context();
    Matmul scaled = builder().alpha(scale).build();
    Matmul plain = builder().build();
    try (NativeCall call = new NativeCall(context)) {
      Tensor current = values.tensor;
      Matmul next = scaled;
      for (int axis = 0; axis < sizes.length; axis++) {
        long kept = axis < missing ? 1 : shape.size(axis - missing);
        if (kept == sizes[axis]) {
          continue;
        }
        long inner = 1;
        for (int later = axis + 1; later < sizes.length; later++) {
          inner *= sizes[later];
        }
        long outer = 1;
        for (int earlier = 0; earlier < axis; earlier++) {
          outer *= sizes[earlier];
        }
        Tensor ones = call.own(ones(context, target.type(), sizes[axis]));
        Tensor sums =
            call.own(Tensor.uninitialized(context, target.type(), Shape.of(outer, 1, inner)));
        next.run(
            call,
            Operand.of(ones, Shape.of(1, sizes[axis])),
            Operand.of(current, Shape.of(outer, sizes[axis], inner)),
            null,
            null,
            Operand.of(sums, Shape.of(outer, 1, inner)));
        current = sums;
        sizes[axis] = 1;
        next = plain;
      }
      // What is left has as many elements as the target: a product with 1 scales and copies it.
      Tensor one = call.own(ones(context, target.type(), 1));
      Shape column = Shape.of(shape.elementCount(), 1);
      next.run(
          call,
          Operand.of(current, column),
          Operand.of(one, Shape.of(1, 1)),
          null,
          null,
          Operand.of(target, column));
    }
  }

  private static Tensor ones(Context context, ElementType type, long count) {
    if (type == ElementType.F64) {
      double[] values = new double[Math.toIntExact(count)];
      Arrays.fill(values, 1);
      return Tensor.of(context, values, count);
    }
    float[] values = new float[Math.toIntExact(count)];
    Arrays.fill(values, 1);
    return Tensor.of(context, values, count);
  }

  private vk_matmul_params params(NativeCall call) {
    vk_matmul_params params = call.own(new vk_matmul_params());
    params
        .struct_size(params.sizeof())
        .transpose_a(transposeA ? 1 : 0)
        .transpose_b(transposeB ? 1 : 0)
        .activation(activation.ordinal())
        .negative_slope(negativeSlope)
        .alpha(alpha)
        .beta(beta)
        .accuracy(accuracy);
    return params;
  }

  /** Options of a product: nothing transposed, alpha and beta 1, no activation. */
  public static final class Builder {
    private boolean transposeA;
    private boolean transposeB;
    private double alpha = 1;
    private double beta = 1;
    private Conv3d.Activation activation = Conv3d.Activation.NONE;
    private double negativeSlope = 0.01;
    private double accuracy;

    private Builder() {}

    /** a is (..., K, M). */
    public Builder transposeA() {
      transposeA = true;
      return this;
    }

    /** b is (..., N, K). */
    public Builder transposeB() {
      transposeB = true;
      return this;
    }

    public Builder alpha(double value) {
      alpha = value;
      return this;
    }

    /** With 0, the values of c are not looked at. */
    public Builder beta(double value) {
      beta = value;
      return this;
    }

    public Builder activation(Conv3d.Activation value) {
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
     * 1]; 0 unless given, for sums in the operands' type. From 5e-6 on a processor with AMX may
     * multiply values in two parts of bfloat16, from 1e-3 on a GPU in tf32, from {@link
     * Conv3d#BFLOAT16_ACCURACY} on either in bfloat16.
     */
    public Builder accuracy(double value) {
      accuracy = value;
      return this;
    }

    /**
     * @throws IllegalArgumentException if alpha, beta or the slope is not finite, or the accuracy
     *     negative
     */
    public Matmul build() {
      if (!Double.isFinite(alpha) || !Double.isFinite(beta) || !Double.isFinite(negativeSlope)) {
        throw new IllegalArgumentException(
            "matmul: alpha is "
                + alpha
                + ", beta "
                + beta
                + " and negativeSlope "
                + negativeSlope
                + ", expected finite numbers");
      }
      if (!(accuracy >= 0)) {
        throw new IllegalArgumentException(
            "matmul: accuracy is " + accuracy + ", expected a relative error of 0 or more");
      }
      return new Matmul(this);
    }
  }
}
