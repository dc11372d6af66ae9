package org.voxkern.op;

import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_pool_window;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * p-norm of each window: output(n, c, o) = (&Sigma; over k of |input(n, c, o stride + k dilation -
 * padding)|<sup>p</sup>)<sup>1/p</sup>, p above 0.
 *
 * <p>Shapes: input (N, C, D, H, W), output as {@link PoolWindow#outputShape} says; a window as
 * large as the input is the global pool. f32, or f64 on the reference backend. Relative error below
 * 4e-6 for moderate values and p.
 */
public final class LpPool {
  private LpPool() {}

  /**
   * Writes {@code output}.
   *
   * @throws IllegalArgumentException if p is not finite and above 0, or if shapes or types
   *     disagree, naming both
   */
  public static void apply(PoolWindow window, double p, Tensor input, Tensor output) {
    window.outputShape(input.shape());
    try (NativeCall call = new NativeCall(input.context())) {
      vk_pool_window params = window.params(call);
      vk_view in = call.view(input);
      vk_view out = call.view(output);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_lp_pool_plan(call.context(), in, params, p, out, plan));
      Status.check(
          Voxkern.vk_lp_pool(call.context(), plan, in, params, p, call.workspace(plan), out));
    }
  }

  /**
   * Writes the derivative of &Sigma; upstream output by the input to {@code gradient}. Where a
   * value or a norm is 0, so is its part.
   *
   * @param output as {@link #apply} wrote it
   * @throws IllegalArgumentException if p is not finite and above 0, or if shapes or types
   *     disagree, naming both
   */
  public static void gradient(
      PoolWindow window, double p, Tensor input, Tensor output, Tensor upstream, Tensor gradient) {
    window.outputShape(input.shape());
    try (NativeCall call = new NativeCall(input.context())) {
      vk_pool_window params = window.params(call);
      vk_view in = call.view(input);
      vk_view out = call.view(output);
      vk_view up = call.view(upstream);
      vk_view slope = call.view(gradient);
      vk_plan plan = call.plan();
      Status.check(
          Voxkern.vk_lp_pool_gradient_plan(call.context(), in, out, up, params, p, slope, plan));
      Status.check(
          Voxkern.vk_lp_pool_gradient(
              call.context(), plan, in, out, up, params, p, call.workspace(plan), slope));
    }
  }
}
