package org.voxkern.op;

import java.util.Objects;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * The coefficients of the cubic B-spline that takes an image's values at its voxels, which {@link
 * Warp3d} needs for cubic interpolation.
 *
 * <p>Shapes: (D, H, W) or (C, D, H, W), f32, or f64 on the reference backend. {@link
 * Warp3d.Border#PERIODIC} continues the image periodically, every other border mirrors it about the
 * centres of its edge voxels, as ITK's BSplineDecompositionImageFilter does. A NaN spreads along
 * every line through it. Error below 2e-5 of the largest magnitude.
 */
public final class BsplinePrefilter {
  private BsplinePrefilter() {}

  /**
   * Writes the coefficients, of the image's shape and type; they may be the image itself.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public static void apply(Tensor image, Warp3d.Border border, Tensor coefficients) {
    Objects.requireNonNull(border, "border");
    try (NativeCall call = new NativeCall(image.context())) {
      vk_view in = call.view(image);
      vk_view out = call.view(coefficients);
      vk_plan plan = call.plan();
      Status.check(
          Voxkern.vk_bspline_prefilter_plan(call.context(), in, border.ordinal(), out, plan));
      Status.check(
          Voxkern.vk_bspline_prefilter(
              call.context(), plan, in, border.ordinal(), out, call.workspace(plan)));
    }
  }
}
