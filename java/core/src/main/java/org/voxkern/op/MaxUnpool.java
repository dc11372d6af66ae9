package org.voxkern.op;

import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Values back to where {@link MaxPool} found them: output(n, c, indices(n, c, o)) = input(n, c, o),
 * zero elsewhere.
 *
 * <p>Shapes: input and indices (i64) (N, C, D', H', W'), output (N, C, D, H, W); an index counts
 * the D H W values of its channel, x fastest, -1 is nowhere. f32, or f64 on the reference backend.
 * Exact. Of several values for one place the last in order stays.
 */
public final class MaxUnpool {
  private MaxUnpool() {}

  /**
   * Writes {@code output}.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both, or if an index lies
   *     outside of the output
   */
  public static void apply(Tensor input, Tensor indices, Tensor output) {
    try (NativeCall call = new NativeCall(input.context())) {
      vk_view in = call.view(input);
      vk_view at = call.view(indices);
      vk_view out = call.view(output);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_max_unpool_plan(call.context(), in, at, out, plan));
      Status.check(Voxkern.vk_max_unpool(call.context(), plan, in, at, call.workspace(plan), out));
    }
  }

  /**
   * Writes the derivative of &Sigma; upstream output by the input to {@code gradient}: upstream at
   * the indices. Where places repeat every value gets it, as in PyTorch.
   *
   * @throws IllegalArgumentException as {@link #apply}
   */
  public static void gradient(Tensor indices, Tensor upstream, Tensor gradient) {
    try (NativeCall call = new NativeCall(gradient.context())) {
      vk_view at = call.view(indices);
      vk_view up = call.view(upstream);
      vk_view out = call.view(gradient);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_max_unpool_gradient_plan(call.context(), at, up, out, plan));
      Status.check(
          Voxkern.vk_max_unpool_gradient(call.context(), plan, at, up, call.workspace(plan), out));
    }
  }
}
