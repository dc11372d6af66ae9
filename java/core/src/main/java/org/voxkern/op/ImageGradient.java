package org.voxkern.op;

import org.voxkern.Geometry;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_image_gradient_params;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * The spatial gradient of an image by central differences (one-sided at the ends of an axis, zero
 * along an axis of one voxel), and its adjoint.
 *
 * <p>Images are (D, H, W), gradients (3, D, H, W) with the components x, y, z; f32, or f64 on the
 * reference backend. The row-major 3 x 3 map takes differences in index space to the gradient:
 * {@link #physicalMap} for a gradient per mm.
 */
public final class ImageGradient {
  private ImageGradient() {}

  /** What makes the gradient of an image of this geometry physical, per mm in LPS. */
  public static double[] physicalMap(Geometry geometry) {
    double[] physicalToIndex = geometry.physicalToIndex().matrix();
    double[] map = new double[9];
    for (int row = 0; row < 3; row++) {
      for (int column = 0; column < 3; column++) {
        map[3 * row + column] = physicalToIndex[3 * column + row];
      }
    }
    return map;
  }

  /** The gradient of the image. */
  public static Tensor apply(Tensor image, double[] map) {
    Tensor gradient = Tensor.uninitialized(image.context(), image.type(), image.shape().prepend(3));
    apply(image, map, gradient);
    return gradient;
  }

  /**
   * Writes the gradient of the image to {@code gradient}.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public static void apply(Tensor image, double[] map, Tensor gradient) {
    try (NativeCall call = new NativeCall(image.context())) {
      vk_image_gradient_params params = params(call, map);
      vk_view i = call.view(image);
      vk_view g = call.view(gradient);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_image_gradient_plan(call.context(), i, params, g, plan));
      Status.check(
          Voxkern.vk_image_gradient(call.context(), plan, i, params, call.workspace(plan), g));
    }
  }

  /**
   * The transpose of {@link #apply}: from the derivative of a value with respect to the gradient
   * image, writes the derivative with respect to the image to {@code image}.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public static void adjoint(Tensor gradient, double[] map, Tensor image) {
    try (NativeCall call = new NativeCall(gradient.context())) {
      vk_image_gradient_params params = params(call, map);
      vk_view g = call.view(gradient);
      vk_view i = call.view(image);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_image_gradient_adjoint_plan(call.context(), g, params, i, plan));
      Status.check(
          Voxkern.vk_image_gradient_adjoint(
              call.context(), plan, g, params, call.workspace(plan), i));
    }
  }

  private static vk_image_gradient_params params(NativeCall call, double[] map) {
    if (map.length != 9) {
      throw new IllegalArgumentException(
          "image_gradient: the map has " + map.length + " values, expected 9, row by row");
    }
    vk_image_gradient_params params = call.own(new vk_image_gradient_params());
    params.struct_size(params.sizeof());
    for (int i = 0; i < 9; i++) {
      params.gradient_map(i, map[i]);
    }
    return params;
  }
}
