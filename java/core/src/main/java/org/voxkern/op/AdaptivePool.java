package org.voxkern.op;

import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Pooling to a size that the output says. Along each axis output o of D' covers the voxels floor(o
 * D / D') to ceil((o + 1) D / D') - 1 of D; an output of size 1 is the global pool.
 *
 * <p>Shapes: input (N, C, D, H, W), output (N, C, D', H', W') with any D', H', W', indices i64 of
 * the output's shape. f32, or f64 on the reference backend. Means are within 1e-6 of the largest
 * one plus 1e-7 of the largest value. Maxima are exact, with indices, equal values and NaN as
 * {@link MaxPool} has them.
 */
public final class AdaptivePool {
  private AdaptivePool() {}

  /**
   * Writes the mean of each bin to {@code output}.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public static void average(Tensor input, Tensor output) {
    apply(Voxkern.VK_ADAPTIVE_AVERAGE, input, output, null);
  }

  /**
   * Writes the largest value of each bin to {@code output} and, unless null, where it lies to
   * {@code indices}.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public static void max(Tensor input, Tensor output, Tensor indices) {
    apply(Voxkern.VK_ADAPTIVE_MAX, input, output, indices);
  }

  /**
   * Writes the derivative of &Sigma; upstream output of {@link #average} by the input to {@code
   * gradient}.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public static void averageGradient(Tensor upstream, Tensor gradient) {
    gradient(Voxkern.VK_ADAPTIVE_AVERAGE, null, upstream, gradient);
  }

  /**
   * The same of {@link #max}, whose indices it needs.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public static void maxGradient(Tensor indices, Tensor upstream, Tensor gradient) {
    gradient(Voxkern.VK_ADAPTIVE_MAX, indices, upstream, gradient);
  }

  private static void apply(int mode, Tensor input, Tensor output, Tensor indices) {
    try (NativeCall call = new NativeCall(input.context())) {
      vk_view in = call.view(input);
      vk_view out = call.view(output);
      vk_view at = call.view(indices);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_adaptive_pool_plan(call.context(), in, mode, out, at, plan));
      Status.check(
          Voxkern.vk_adaptive_pool(call.context(), plan, in, mode, call.workspace(plan), out, at));
    }
  }

  private static void gradient(int mode, Tensor indices, Tensor upstream, Tensor gradient) {
    try (NativeCall call = new NativeCall(gradient.context())) {
      vk_view at = call.view(indices);
      vk_view up = call.view(upstream);
      vk_view out = call.view(gradient);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_adaptive_pool_gradient_plan(call.context(), mode, at, up, out, plan));
      Status.check(
          Voxkern.vk_adaptive_pool_gradient(
              call.context(), plan, mode, at, up, call.workspace(plan), out));
    }
  }
}
