package org.voxkern.op;

import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_ffd_bending_params;
import org.voxkern.internal.vk_ffd_params;
import org.voxkern.internal.vk_ffd_refine_params;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Cubic B-spline free-form deformation: a dense field u = &Sigma; B c out of the coefficients c of
 * a uniform control grid, its adjoint, smoothness energies, and the same spline on a finer grid.
 *
 * <p>Shapes: coefficients (3, cz, cy, cx), each axis at least 4; field (3, D, H, W); both f32, or
 * f64 on the reference backend, components x, y, z. {@code origin} is the index coordinate of
 * control point 0 in the dense grid and {@code spacing} the voxels per control interval, in the
 * order x, y, z; neither needs to be whole. Every voxel needs the control point before its interval
 * and the one after it. Relative to the largest value the field's error is below 1e-6.
 */
public final class Ffd {
  private Ffd() {}

  /**
   * Writes the dense field of the coefficients.
   *
   * @throws IllegalArgumentException if the control grid does not cover the field
   */
  public static void evaluate(
      Tensor coefficients, double[] origin, double[] spacing, Tensor field) {
    try (NativeCall call = new NativeCall(coefficients.context())) {
      vk_ffd_params params = params(call, origin, spacing);
      vk_view c = call.view(coefficients);
      vk_view f = call.view(field);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_ffd_plan(call.context(), c, params, f, plan));
      Status.check(Voxkern.vk_ffd(call.context(), plan, c, params, f, call.workspace(plan)));
    }
  }

  /**
   * The transpose of {@link #evaluate}: writes the derivative by the coefficients of what has the
   * derivative {@code byField} by the field.
   */
  public static void gradient(
      Tensor byField, double[] origin, double[] spacing, Tensor byCoefficients) {
    try (NativeCall call = new NativeCall(byField.context())) {
      vk_ffd_params params = params(call, origin, spacing);
      vk_view f = call.view(byField);
      vk_view c = call.view(byCoefficients);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_ffd_gradient_plan(call.context(), f, params, c, plan));
      Status.check(
          Voxkern.vk_ffd_gradient(call.context(), plan, f, params, c, call.workspace(plan)));
    }
  }

  /**
   * {@code diffusionWeight} times the mean of the squared first derivatives plus {@code
   * bendingWeight} times that of the squared second ones, in mm, exactly integrated over the domain
   * that the control grid covers.
   *
   * @param spacingMm of the control points, x, y, z
   * @param gradient the value's derivative by the coefficients is written there; may be null
   */
  public static double bending(
      Tensor coefficients,
      double[] spacingMm,
      double diffusionWeight,
      double bendingWeight,
      Tensor gradient) {
    requireAxes("spacing_mm", spacingMm.length);
    try (NativeCall call = new NativeCall(coefficients.context())) {
      vk_ffd_bending_params params = call.own(new vk_ffd_bending_params());
      params.struct_size(params.sizeof());
      params.diffusion_weight(diffusionWeight).bending_weight(bendingWeight);
      for (int axis = 0; axis < 3; axis++) {
        params.spacing_mm(axis, spacingMm[axis]);
      }
      vk_view c = call.view(coefficients);
      vk_view g = call.view(gradient);
      vk_plan plan = call.plan();
      var value = call.doubles(1);
      Status.check(Voxkern.vk_ffd_bending_plan(call.context(), c, params, g, plan));
      Status.check(
          Voxkern.vk_ffd_bending(call.context(), plan, c, params, g, call.workspace(plan), value));
      return value.get();
    }
  }

  /** {@link #refine(Tensor, boolean[])} along every axis. */
  public static Tensor refine(Tensor coefficients) {
    return refine(coefficients, new boolean[] {true, true, true});
  }

  /**
   * The same spline with half the control spacing along the axes (x, y, z) asked for: n points
   * become 2 n - 3, the first of them half an interval after the coarse grid's first.
   */
  public static Tensor refine(Tensor coefficients, boolean[] axes) {
    requireAxes("axes", axes.length);
    Shape shape = coefficients.shape();
    if (shape.rank() != 4) {
      throw new IllegalArgumentException(
          "ffd_refine: coefficients have shape " + shape + ", expected (3, cz, cy, cx)");
    }
    long[] sizes = shape.toArray();
    for (int axis = 0; axis < 3; axis++) {
      if (axes[axis]) {
        // Too small a grid is refused by the operation; the shape only has to be one.
        sizes[3 - axis] = Math.max(0, 2 * sizes[3 - axis] - 3);
      }
    }
    Tensor refined =
        Tensor.uninitialized(coefficients.context(), coefficients.type(), Shape.of(sizes));
    try (NativeCall call = new NativeCall(coefficients.context())) {
      vk_ffd_refine_params params = call.own(new vk_ffd_refine_params());
      params.struct_size(params.sizeof());
      for (int axis = 0; axis < 3; axis++) {
        params.axes(axis, axes[axis] ? 1 : 0);
      }
      vk_view c = call.view(coefficients);
      vk_view r = call.view(refined);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_ffd_refine_plan(call.context(), c, params, r, plan));
      Status.check(Voxkern.vk_ffd_refine(call.context(), plan, c, params, r, call.workspace(plan)));
    } catch (RuntimeException failed) {
      refined.close();
      throw failed;
    }
    return refined;
  }

  private static vk_ffd_params params(NativeCall call, double[] origin, double[] spacing) {
    requireAxes("origin", origin.length);
    requireAxes("spacing", spacing.length);
    vk_ffd_params params = call.own(new vk_ffd_params());
    params.struct_size(params.sizeof());
    for (int axis = 0; axis < 3; axis++) {
      params.origin(axis, origin[axis]).spacing(axis, spacing[axis]);
    }
    return params;
  }

  private static void requireAxes(String name, int length) {
    if (length != 3) {
      throw new IllegalArgumentException(
          "ffd: " + name + " has " + length + " values, expected one each for x, y, z");
    }
  }
}
