package org.voxkern.op;

import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Sums of all elements up to each along an axis, and the gradient, the sums from the other end.
 *
 * <p>f32, whose sums are kept in f64, f64, i32 and i64, which wrap around. Instances are immutable
 * and may be shared by threads.
 */
public final class Cumsum {
  private final int axis;
  private final boolean exclusive;
  private final boolean reverse;

  private Cumsum(int axis, boolean exclusive, boolean reverse) {
    this.axis = axis;
    this.exclusive = exclusive;
    this.reverse = reverse;
  }

  /** {@code axis} is negative from the end. */
  public static Cumsum of(int axis) {
    return new Cumsum(axis, false, false);
  }

  /** The same without the element itself: the first sum is 0. */
  public Cumsum exclusive() {
    return new Cumsum(axis, true, reverse);
  }

  /** The same from the other end. */
  public Cumsum reverse() {
    return new Cumsum(axis, exclusive, !reverse);
  }

  /**
   * @throws IllegalArgumentException if the shape lacks the axis
   */
  public Shape outputShape(Shape input) {
    Axes.checked("cumsum", input, axis);
    return input;
  }

  /**
   * Writes {@code output}.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void apply(Tensor input, Tensor output) {
    try (NativeCall call = new NativeCall(input.context())) {
      vk_view i = call.view(input);
      vk_view o = call.view(output);
      vk_plan plan = call.plan();
      int without = exclusive ? 1 : 0;
      int backwards = reverse ? 1 : 0;
      Status.check(Voxkern.vk_cumsum_plan(call.context(), i, axis, without, backwards, o, plan));
      Status.check(
          Voxkern.vk_cumsum(
              call.context(), plan, i, axis, without, backwards, call.workspace(plan), o));
    }
  }

  /** Writes dvalue/dinput, given dvalue/doutput. */
  public void gradient(Tensor outputGradient, Tensor inputGradient) {
    reverse().apply(outputGradient, inputGradient);
  }
}
