package org.voxkern.op;

import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Where the greatest or the least element lies along an axis.
 *
 * <p>The output is i64, with the axis at size 1 or without it. f32, i32 and i64; f64 on the
 * reference backend. NaN is the answer where there is one, of the greatest and of the least, as
 * PyTorch has it. There is no gradient.
 */
public final class ArgReduce {
  private final int axis;
  private final boolean largest;
  private final boolean selectLast;
  private final boolean keepAxis;

  private ArgReduce(int axis, boolean largest, boolean selectLast, boolean keepAxis) {
    this.axis = axis;
    this.largest = largest;
    this.selectLast = selectLast;
    this.keepAxis = keepAxis;
  }

  /** Of the greatest; {@code axis} is negative from the end. */
  public static ArgReduce max(int axis) {
    return new ArgReduce(axis, true, false, true);
  }

  /** Of the least. */
  public static ArgReduce min(int axis) {
    return new ArgReduce(axis, false, false, true);
  }

  /** The same, but of equal elements the last one, not the first. */
  public ArgReduce selectLast() {
    return new ArgReduce(axis, largest, true, keepAxis);
  }

  /** The same, but the output lacks the axis. */
  public ArgReduce withoutAxis() {
    return new ArgReduce(axis, largest, selectLast, false);
  }

  /**
   * @throws IllegalArgumentException if the shape lacks the axis
   */
  public Shape outputShape(Shape input) {
    int at = Axes.checked("arg_reduce", input, axis);
    return keepAxis ? Axes.with(input, at, 1) : Axes.without(input, at);
  }

  /**
   * Writes {@code output}.
   *
   * @throws IllegalArgumentException if shapes disagree, naming both, or there is nothing along the
   *     axis
   */
  public void apply(Tensor input, Tensor output) {
    Axes.checked("arg_reduce", input.shape(), axis);
    try (NativeCall call = new NativeCall(input.context())) {
      vk_view i = call.view(input);
      vk_view o = call.view(output);
      vk_plan plan = call.plan();
      int most = largest ? 1 : 0;
      int last = selectLast ? 1 : 0;
      Status.check(Voxkern.vk_arg_reduce_plan(call.context(), i, axis, most, last, o, plan));
      Status.check(
          Voxkern.vk_arg_reduce(
              call.context(), plan, i, axis, most, last, call.workspace(plan), o));
    }
  }
}
