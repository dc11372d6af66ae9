package org.voxkern.op;

import org.bytedeco.javacpp.DoublePointer;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Mean of squared differences over the counted voxels, 1/n &Sigma; (warped - fixed)&sup2;; smaller
 * is better.
 *
 * <p>Shapes: fixed and warped agree, any rank; f32, or f64 on the reference backend. The mask is u8
 * of the same shape, non-zero where a voxel counts. NaN in a counted voxel gives NaN. With no
 * counted voxel the value is 0. Relative error of the value below 1e-6 in f32.
 */
public final class Ssd {
  private Ssd() {}

  /** Value of the measure. {@code mask} may be null. */
  public static double value(Tensor fixed, Tensor warped, Tensor mask) {
    return run(fixed, warped, mask, null);
  }

  /**
   * Value of the measure; its derivative with respect to every voxel of {@code warped} is written
   * to {@code gradient}, of the same shape and type.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public static double valueAndGradient(Tensor fixed, Tensor warped, Tensor mask, Tensor gradient) {
    return run(fixed, warped, mask, gradient);
  }

  private static double run(Tensor fixed, Tensor warped, Tensor mask, Tensor gradient) {
    try (NativeCall call = new NativeCall(fixed.context())) {
      vk_view f = call.view(fixed);
      vk_view w = call.view(warped);
      vk_view m = call.view(mask);
      vk_view g = call.view(gradient);
      vk_plan plan = call.plan();
      DoublePointer value = call.doubles(1);
      Status.check(Voxkern.vk_ssd_plan(call.context(), f, w, m, g, plan));
      Status.check(Voxkern.vk_ssd(call.context(), plan, f, w, m, g, call.workspace(plan), value));
      return value.get();
    }
  }
}
