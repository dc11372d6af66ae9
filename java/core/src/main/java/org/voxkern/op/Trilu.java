package org.voxkern.op;

import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * A triangle of each matrix of the last two axes, the rest 0, and the gradient, the same triangle.
 *
 * <p>Every element type. Instances are immutable and may be shared by threads.
 */
public final class Trilu {
  private final boolean upper;
  private final long diagonal;

  private Trilu(boolean upper, long diagonal) {
    this.upper = upper;
    this.diagonal = diagonal;
  }

  /** Elements on a diagonal and to the right: so many columns to the right of the main one. */
  public static Trilu upper(long diagonal) {
    return new Trilu(true, diagonal);
  }

  /** Elements on a diagonal and to the left. */
  public static Trilu lower(long diagonal) {
    return new Trilu(false, diagonal);
  }

  public Shape outputShape(Shape input) {
    return input;
  }

  /**
   * Writes {@code output}.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both, or the rank is below
   *     2
   */
  public void apply(Tensor input, Tensor output) {
    try (NativeCall call = new NativeCall(input.context())) {
      vk_view i = call.view(input);
      vk_view o = call.view(output);
      vk_plan plan = call.plan();
      int above = upper ? 1 : 0;
      Status.check(Voxkern.vk_trilu_plan(call.context(), i, above, diagonal, o, plan));
      Status.check(
          Voxkern.vk_trilu(call.context(), plan, i, above, diagonal, call.workspace(plan), o));
    }
  }

  /** Writes dvalue/dinput, given dvalue/doutput. */
  public void gradient(Tensor outputGradient, Tensor inputGradient) {
    apply(outputGradient, inputGradient);
  }
}
