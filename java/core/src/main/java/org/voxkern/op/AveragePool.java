package org.voxkern.op;

import java.util.Objects;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_pool_window;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Mean of each window: output(n, c, o) = 1 / divisor(o) &Sigma; over k of input(n, c, o stride + k
 * dilation - padding), where voxels outside the input are zeros.
 *
 * <p>Shapes: input (N, C, D, H, W), output as {@link PoolWindow#outputShape} says. f32, or f64 on
 * the reference backend; error below 1e-6 of the largest output. Instances are immutable and may be
 * shared by threads.
 */
public final class AveragePool {
  /** What a sum is divided by; in the order of {@code vk_pool_divisor}. */
  private enum Divisor {
    INSIDE,
    PADDED,
    GIVEN
  }

  private final PoolWindow window;
  private final Divisor divisor;
  private final double given;

  private AveragePool(PoolWindow window, Divisor divisor, double given) {
    this.window = Objects.requireNonNull(window, "window");
    this.divisor = divisor;
    this.given = given;
  }

  /** Divides by the number of a window's voxels that lie inside the input. */
  public static AveragePool ofInside(PoolWindow window) {
    return new AveragePool(window, Divisor.INSIDE, 0);
  }

  /** Divides by the number of those that lie inside the input or its padding. */
  public static AveragePool ofPadded(PoolWindow window) {
    return new AveragePool(window, Divisor.PADDED, 0);
  }

  /**
   * Divides by a given number.
   *
   * @throws IllegalArgumentException if it is 0 or not finite
   */
  public static AveragePool dividedBy(PoolWindow window, double divisor) {
    if (divisor == 0 || !Double.isFinite(divisor)) {
      throw new IllegalArgumentException(
          "average_pool: the divisor is " + divisor + ", expected a finite number other than 0");
    }
    return new AveragePool(window, Divisor.GIVEN, divisor);
  }

  /**
   * Writes {@code output}.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void apply(Tensor input, Tensor output) {
    window.outputShape(input.shape());
    try (NativeCall call = new NativeCall(input.context())) {
      vk_pool_window params = window.params(call);
      vk_view in = call.view(input);
      vk_view out = call.view(output);
      vk_plan plan = call.plan();
      Status.check(
          Voxkern.vk_average_pool_plan(
              call.context(), in, params, divisor.ordinal(), given, out, plan));
      Status.check(
          Voxkern.vk_average_pool(
              call.context(),
              plan,
              in,
              params,
              divisor.ordinal(),
              given,
              call.workspace(plan),
              out));
    }
  }

  /**
   * Writes the derivative of &Sigma; upstream output by the input to {@code gradient}.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void gradient(Tensor upstream, Tensor gradient) {
    window.outputShape(gradient.shape());
    try (NativeCall call = new NativeCall(gradient.context())) {
      vk_pool_window params = window.params(call);
      vk_view up = call.view(upstream);
      vk_view out = call.view(gradient);
      vk_plan plan = call.plan();
      Status.check(
          Voxkern.vk_average_pool_gradient_plan(
              call.context(), up, params, divisor.ordinal(), given, out, plan));
      Status.check(
          Voxkern.vk_average_pool_gradient(
              call.context(),
              plan,
              up,
              params,
              divisor.ordinal(),
              given,
              call.workspace(plan),
              out));
    }
  }
}
