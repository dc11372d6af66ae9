package org.voxkern.op;

import java.util.Arrays;
import java.util.Objects;
import java.util.stream.IntStream;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * One value of many, along any set of axes, and its gradient.
 *
 * <p>Any shape; the output has the reduced axes with size 1, or not at all. f32 and f64, gradients
 * of f64 on the reference backend; i32 and i64 have all but roots, logarithms and gradients. f32 is
 * summed in f64 in an order that depends on the shape alone. NaN makes the value NaN. Of nothing
 * the sum is 0, the product 1, the greatest minus infinity, the least infinity, the mean NaN.
 * Instances are immutable and may be shared by threads.
 */
public final class Reduce {
  /** In the order of {@code vk_reduction}. */
  public enum Reduction {
    SUM,
    MEAN,
    /** Equal ones share the gradient. */
    MAX,
    /** As MAX. */
    MIN,
    PRODUCT,
    /** &Sigma; |x|. */
    L1,
    /** &radic;&Sigma; x&sup2;. */
    L2,
    SUM_SQUARE,
    /** log &Sigma; x. */
    LOG_SUM,
    /** log &Sigma; e^x, without overflow. */
    LOG_SUM_EXP
  }

  private final Reduction reduction;
  private final int[] axes;
  private final boolean keepAxes;

  private Reduce(Reduction reduction, boolean keepAxes, int[] axes) {
    this.reduction = Objects.requireNonNull(reduction, "reduction");
    this.keepAxes = keepAxes;
    this.axes = axes.clone();
  }

  /**
   * A reduction along these axes, slowest 0, negative ones from the end; none reduces nothing.
   * Where {@code keepAxes} they stay with size 1.
   */
  public static Reduce of(Reduction reduction, boolean keepAxes, int... axes) {
    return new Reduce(reduction, keepAxes, axes);
  }

  /**
   * @throws IllegalArgumentException if the shape lacks one of the axes
   */
  public Shape outputShape(Shape input) {
    int mask = mask(input);
    return Shape.of(
        IntStream.range(0, input.rank())
            .filter(axis -> keepAxes || (mask >> axis & 1) == 0)
            .mapToLong(axis -> (mask >> axis & 1) != 0 ? 1 : input.size(axis))
            .toArray());
  }

  private int mask(Shape input) {
    int mask = 0;
    for (int axis : axes) {
      int at = axis < 0 ? axis + input.rank() : axis;
      if (at < 0 || at >= input.rank()) {
        throw new IllegalArgumentException(
            "reduce: axes " + Arrays.toString(axes) + " of input " + input);
      }
      mask |= 1 << at;
    }
    return mask;
  }

  /**
   * Writes {@code output}.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void apply(Tensor input, Tensor output) {
    apply(TensorView.of(input), TensorView.of(output));
  }

  /** The same of whole tensors with other sizes. */
  void apply(TensorView input, TensorView output) {
    int mask = mask(input.shape());
    try (NativeCall call = new NativeCall(input.tensor().context())) {
      vk_view i = input.view(call);
      vk_view o = output.view(call);
      vk_plan plan = call.plan();
      int code = reduction.ordinal();
      Status.check(Voxkern.vk_reduce_plan(call.context(), i, code, mask, o, plan));
      Status.check(Voxkern.vk_reduce(call.context(), plan, i, code, mask, call.workspace(plan), o));
    }
  }

  /**
   * Writes dvalue/dinput to {@code inputGradient}, given dvalue/doutput and the output that {@link
   * #apply} wrote. The gradient of a product divides it by each factor: it is NaN where that is
   * infinite.
   */
  public void gradient(Tensor input, Tensor output, Tensor outputGradient, Tensor inputGradient) {
    int mask = mask(input.shape());
    try (NativeCall call = new NativeCall(input.context())) {
      vk_view x = call.view(input);
      vk_view y = call.view(output);
      vk_view dy = call.view(outputGradient);
      vk_view dx = call.view(inputGradient);
      vk_plan plan = call.plan();
      int code = reduction.ordinal();
      Status.check(Voxkern.vk_reduce_gradient_plan(call.context(), x, y, dy, code, mask, dx, plan));
      Status.check(
          Voxkern.vk_reduce_gradient(
              call.context(), plan, x, y, dy, code, mask, call.workspace(plan), dx));
    }
  }
}
