package org.voxkern.op;

import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Running maximum towards a side (Law and Deng, "CornerNet", 2018): to the left, output(x) is the
 * largest of input(x), input(x + 1), ... to the last voxel of the row.
 *
 * <p>All tensors are (N, C, D, H, W), f32, or f64 on the reference backend. Exact. A NaN is larger
 * than every number. Of equal values the gradient goes to the one that the running maximum met
 * first.
 */
public final class CornerPool {
  /** The side that the maximum runs to, from the opposite one; as {@code vk_corner_side}. */
  public enum Side {
    /** To smaller x. */
    LEFT,
    RIGHT,
    /** To smaller y. */
    TOP,
    BOTTOM,
    /** To smaller z. */
    FRONT,
    BACK
  }

  private CornerPool() {}

  /**
   * Writes {@code output}.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public static void apply(Side side, Tensor input, Tensor output) {
    try (NativeCall call = new NativeCall(input.context())) {
      vk_view in = call.view(input);
      vk_view out = call.view(output);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_corner_pool_plan(call.context(), in, side.ordinal(), out, plan));
      Status.check(
          Voxkern.vk_corner_pool(
              call.context(), plan, in, side.ordinal(), call.workspace(plan), out));
    }
  }

  /**
   * Writes the derivative of &Sigma; upstream output by the input to {@code gradient}.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public static void gradient(Side side, Tensor input, Tensor upstream, Tensor gradient) {
    try (NativeCall call = new NativeCall(input.context())) {
      vk_view in = call.view(input);
      vk_view up = call.view(upstream);
      vk_view out = call.view(gradient);
      vk_plan plan = call.plan();
      Status.check(
          Voxkern.vk_corner_pool_gradient_plan(call.context(), in, up, side.ordinal(), out, plan));
      Status.check(
          Voxkern.vk_corner_pool_gradient(
              call.context(), plan, in, up, side.ordinal(), call.workspace(plan), out));
    }
  }
}
