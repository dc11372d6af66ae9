package org.voxkern.op;

import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_pool_window;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Largest value of each window: output(n, c, o) = max over k of input(n, c, o stride + k dilation -
 * padding).
 *
 * <p>Shapes: input (N, C, D, H, W), output as {@link PoolWindow#outputShape} says, indices i64 of
 * the output's shape. f32, or f64 on the reference backend. An index counts the D H W values of its
 * channel, x fastest, as PyTorch has it. Of equal values the first is taken; a NaN is larger than
 * every number, of several the last is taken. A window without a voxel, which a dilation makes
 * possible, gives negative infinity and the index -1.
 */
public final class MaxPool {
  private MaxPool() {}

  /**
   * Writes {@code output} and, unless null, {@code indices}.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public static void apply(PoolWindow window, Tensor input, Tensor output, Tensor indices) {
    window.outputShape(input.shape());
    try (NativeCall call = new NativeCall(input.context())) {
      vk_pool_window params = window.params(call);
      vk_view in = call.view(input);
      vk_view out = call.view(output);
      vk_view at = call.view(indices);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_max_pool_plan(call.context(), in, params, out, at, plan));
      Status.check(
          Voxkern.vk_max_pool(call.context(), plan, in, params, call.workspace(plan), out, at));
    }
  }

  /**
   * Writes the derivative of &Sigma; upstream output by the input to {@code gradient}: every value
   * of upstream is added where it was found.
   *
   * @param input looked at where {@code indices} is null, to find them again; may be null otherwise
   * @param indices as {@link #apply} wrote them, or null
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public static void gradient(
      PoolWindow window, Tensor input, Tensor indices, Tensor upstream, Tensor gradient) {
    window.outputShape(gradient.shape());
    try (NativeCall call = new NativeCall(gradient.context())) {
      vk_pool_window params = window.params(call);
      vk_view in = call.view(input);
      vk_view at = call.view(indices);
      vk_view up = call.view(upstream);
      vk_view out = call.view(gradient);
      vk_plan plan = call.plan();
      Status.check(
          Voxkern.vk_max_pool_gradient_plan(call.context(), in, at, up, params, out, plan));
      Status.check(
          Voxkern.vk_max_pool_gradient(
              call.context(), plan, in, at, up, params, call.workspace(plan), out));
    }
  }
}
