package org.voxkern.op;

import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * The normalised grid that {@link GridSample} takes, of an affine map, as AffineGrid of ONNX and
 * affine_grid of PyTorch make it: grid(n, v) = theta(n) (x, y, z, 1) with the normalised
 * coordinates of voxel v, (2 i + 1) / size - 1 on each axis, or 2 i / (size - 1) - 1 with aligned
 * corners (0 where the size is 1).
 *
 * <p>Shapes: theta (N, 3, 4), grid (N, D, H, W, 3); or theta (N, 2, 3), grid (N, H, W, 2). All f32,
 * or f64 on the reference backend. NaN in theta gives NaN. Coordinates are good to 1e-6 of the
 * largest entry of theta.
 */
public final class AffineGrid {
  private AffineGrid() {}

  /**
   * Shape of the grid that samples images of this shape, (N, C, D, H, W) or (N, C, H, W).
   *
   * @throws IllegalArgumentException if theta does not fit, naming both
   */
  public static Shape outputShape(Shape theta, Shape image) {
    int axes = image.rank() - 2;
    boolean fits =
        (axes == 2 || axes == 3)
            && theta.rank() == 3
            && theta.size(0) == image.size(0)
            && theta.size(1) == axes
            && theta.size(2) == axes + 1;
    if (!fits) {
      throw new IllegalArgumentException(
          "affine_grid: theta "
              + theta
              + " and image "
              + image
              + ", expected (N, 3, 4) and (N, C, D, H, W), or (N, 2, 3) and (N, C, H, W)");
    }
    long[] sizes = image.toArray();
    long[] grid = new long[axes + 2];
    grid[0] = sizes[0];
    System.arraycopy(sizes, 2, grid, 1, axes);
    grid[axes + 1] = axes;
    return Shape.of(grid);
  }

  /**
   * Writes {@code grid}.
   *
   * @param alignCorners whether -1 and 1 are the centres of the outermost voxels, or their outer
   *     faces
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public static void apply(Tensor theta, boolean alignCorners, Tensor grid) {
    int align = alignCorners ? 1 : 0;
    try (NativeCall call = new NativeCall(theta.context())) {
      vk_view t = call.view(theta);
      vk_view g = call.view(grid);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_affine_grid_plan(call.context(), t, align, g, plan));
      Status.check(Voxkern.vk_affine_grid(call.context(), plan, t, align, call.workspace(plan), g));
    }
  }

  /**
   * Writes dL/dtheta, of theta's shape, given {@code upstream} = dL/dgrid.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public static void gradient(Tensor upstream, boolean alignCorners, Tensor gradient) {
    int align = alignCorners ? 1 : 0;
    try (NativeCall call = new NativeCall(upstream.context())) {
      vk_view u = call.view(upstream);
      vk_view d = call.view(gradient);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_affine_grid_gradient_plan(call.context(), u, align, d, plan));
      Status.check(
          Voxkern.vk_affine_grid_gradient(call.context(), plan, u, align, call.workspace(plan), d));
    }
  }
}
