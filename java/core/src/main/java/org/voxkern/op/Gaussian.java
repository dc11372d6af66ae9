package org.voxkern.op;

import java.util.Arrays;
import org.voxkern.Geometry;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_gaussian_params;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Separable Gaussian smoothing of an image or of every component of a field, with decimation fused
 * in.
 *
 * <p>Images are (D, H, W) or (C, D, H, W), f32, or f64 on the reference backend. Sigmas, factors
 * and offsets are in the order x, y, z; sigmas are standard deviations in input voxels, and 0 does
 * not smooth along an axis. Kernels reach ceil(4 sigma) voxels. With a mask (u8, non-zero where a
 * voxel counts, of the image's spatial shape) the result is the normalised convolution G*(image
 * mask) / G*(mask), and 0 where no counted voxel is within reach; what the image holds outside the
 * mask, NaN included, does not matter.
 */
public final class Gaussian {
  /** What lies outside the image. */
  public enum Border {
    /** The outermost voxels continue. */
    CLAMP,
    /** Nothing: the weights inside the image sum to one. */
    RENORMALISED,
    /** Zero; without decimation the operation is then its own adjoint. */
    ZERO
  }

  private Gaussian() {}

  /** The smoothed image, of the same shape. {@code mask} may be null. */
  public static Tensor smooth(Tensor image, Tensor mask, double[] sigma, Border border) {
    Tensor smoothed = Tensor.uninitialized(image.context(), image.type(), image.shape());
    apply(image, mask, sigma, border, new int[] {1, 1, 1}, new double[3], smoothed);
    return smoothed;
  }

  /**
   * The smoothed image on the grid of {@link Geometry#shrink}: ceil(size / factor) voxels an axis,
   * voxel j at input index factor j + (factor - 1) / 2. {@code mask} may be null.
   */
  public static Tensor decimate(
      Tensor image, Tensor mask, double[] sigma, Border border, int[] factor) {
    requireAxes("factor", factor.length);
    long[] sizes = image.shape().toArray();
    if (sizes.length != 3 && sizes.length != 4) {
      throw new IllegalArgumentException(
          "gaussian: image has shape " + image.shape() + ", expected (D, H, W) or (C, D, H, W)");
    }
    double[] offset = new double[3];
    for (int axis = 0; axis < 3; axis++) {
      if (factor[axis] < 1) {
        throw new IllegalArgumentException(
            "gaussian: factors " + Arrays.toString(factor) + ", expected at least 1");
      }
      int dimension = sizes.length - 1 - axis;
      offset[axis] = (factor[axis] - 1) / 2.0;
      sizes[dimension] = (sizes[dimension] + factor[axis] - 1) / factor[axis];
    }
    Tensor smoothed = Tensor.uninitialized(image.context(), image.type(), Shape.of(sizes));
    apply(image, mask, sigma, border, factor, offset, smoothed);
    return smoothed;
  }

  /**
   * The general form: output voxel j of an axis is the smoothed image at input index factor j +
   * offset, for as many voxels as {@code smoothed} has. A sample may lie up to half a step outside
   * the image.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both, or if a sample lies
   *     farther outside
   */
  public static void apply(
      Tensor image,
      Tensor mask,
      double[] sigma,
      Border border,
      int[] factor,
      double[] offset,
      Tensor smoothed) {
    requireAxes("sigma", sigma.length);
    requireAxes("factor", factor.length);
    requireAxes("offset", offset.length);
    try (NativeCall call = new NativeCall(image.context())) {
      vk_gaussian_params params = call.own(new vk_gaussian_params());
      params.struct_size(params.sizeof()).border(border.ordinal());
      for (int axis = 0; axis < 3; axis++) {
        params.sigma(axis, sigma[axis]).offset(axis, offset[axis]).factor(axis, factor[axis]);
      }
      vk_view i = call.view(image);
      vk_view m = call.view(mask);
      vk_view s = call.view(smoothed);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_gaussian_plan(call.context(), i, m, params, s, plan));
      Status.check(
          Voxkern.vk_gaussian(call.context(), plan, i, m, params, call.workspace(plan), s));
    }
  }

  private static void requireAxes(String name, int length) {
    if (length != 3) {
      throw new IllegalArgumentException(
          "gaussian: " + name + " has " + length + " values, expected one each for x, y, z");
    }
  }
}
