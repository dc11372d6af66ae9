package org.voxkern.op;

import org.bytedeco.javacpp.DoublePointer;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_lncc_params;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Local normalised cross correlation: the mean, over the counted voxels, of the squared correlation
 * of fixed and warped in the box window around each; 0 to 1, larger is better.
 *
 * <p>Shapes: fixed, warped and gradient (D, H, W), f32, or f64 on the reference backend. The mask
 * is u8 of the same shape, non-zero where a voxel counts, in windows as well as at their centres.
 * Radii are voxels in the order x, y, z. A share of the whole image's variance ({@link
 * #DEFAULT_VARIANCE_FLOOR} unless given) is added to every window's, so that flat places give 0. A
 * NaN or an infinity in a counted voxel gives NaN.
 */
public final class Lncc {
  /** A window whose standard deviation is 0.3 % of the whole image's then counts half. */
  public static final double DEFAULT_VARIANCE_FLOOR = 1e-5;

  private Lncc() {}

  /** Value of the measure. {@code mask} may be null. */
  public static double value(Tensor fixed, Tensor warped, Tensor mask, int[] radius) {
    return run(fixed, warped, mask, radius, DEFAULT_VARIANCE_FLOOR, null);
  }

  /**
   * Value of the measure; its exact derivative with respect to every voxel of {@code warped} is
   * written to {@code gradient}, of the same shape and type. {@code mask} may be null.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public static double valueAndGradient(
      Tensor fixed, Tensor warped, Tensor mask, int[] radius, Tensor gradient) {
    return run(fixed, warped, mask, radius, DEFAULT_VARIANCE_FLOOR, gradient);
  }

  /** The same with a variance floor, 1e-8 to 1; {@code mask} and {@code gradient} may be null. */
  public static double valueAndGradient(
      Tensor fixed,
      Tensor warped,
      Tensor mask,
      int[] radius,
      double varianceFloor,
      Tensor gradient) {
    return run(fixed, warped, mask, radius, varianceFloor, gradient);
  }

  private static double run(
      Tensor fixed,
      Tensor warped,
      Tensor mask,
      int[] radius,
      double varianceFloor,
      Tensor gradient) {
    if (radius.length != 3) {
      throw new IllegalArgumentException(
          "lncc: radius has " + radius.length + " values, expected one each for x, y, z");
    }
    try (NativeCall call = new NativeCall(fixed.context())) {
      vk_lncc_params params = call.own(new vk_lncc_params());
      params.struct_size(params.sizeof()).variance_floor(varianceFloor);
      for (int axis = 0; axis < 3; axis++) {
        params.radius(axis, radius[axis]);
      }
      vk_view f = call.view(fixed);
      vk_view w = call.view(warped);
      vk_view m = call.view(mask);
      vk_view g = call.view(gradient);
      vk_plan plan = call.plan();
      DoublePointer value = call.doubles(1);
      Status.check(Voxkern.vk_lncc_plan(call.context(), f, w, m, params, g, plan));
      Status.check(
          Voxkern.vk_lncc(call.context(), plan, f, w, m, params, g, call.workspace(plan), value));
      return value.get();
    }
  }
}
