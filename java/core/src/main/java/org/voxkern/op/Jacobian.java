package org.voxkern.op;

import org.bytedeco.javacpp.DoublePointer;
import org.voxkern.Geometry;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_jacobian_params;
import org.voxkern.internal.vk_jacobian_penalty_params;
import org.voxkern.internal.vk_jacobian_statistics;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Determinant of the mapping x &rarr; x + u(x), det(I + du/dx), by central differences (one-sided
 * at the border): as a map, as statistics, and as a penalty on folding with its gradient.
 *
 * <p>Shapes: displacement (3, D, H, W) in mm, components x, y, z, f32, or f64 on the reference
 * backend; mask u8 (D, H, W) or null, non-zero where a voxel counts. {@code gradientMap}, row-major
 * 3 by 3, turns derivatives by index (x, y, z) into derivatives by mm: the transposed inverse of
 * direction times spacing.
 */
public final class Jacobian {
  private Jacobian() {}

  /**
   * Of the determinants of the counted voxels. One that is not a number counts as not positive and
   * is left out of the rest.
   *
   * @param sdLog standard deviation of log det over the positive ones
   */
  public record Statistics(
      long count, long nonpositive, double min, double max, double mean, double sdLog) {}

  /** The gradient map of a grid: the transpose of physical to index. */
  public static double[] gradientMap(Geometry geometry) {
    double[] p = geometry.physicalToIndex().matrix();
    return new double[] {p[0], p[3], p[6], p[1], p[4], p[7], p[2], p[5], p[8]};
  }

  /** Writes the map of determinants, (D, H, W). */
  public static void determinant(Tensor displacement, double[] gradientMap, Tensor determinant) {
    run(displacement, null, gradientMap, determinant, false);
  }

  /** Statistics over the voxels of {@code mask}, or over all where it is null. */
  public static Statistics statistics(Tensor displacement, double[] gradientMap, Tensor mask) {
    return run(displacement, mask, gradientMap, null, true);
  }

  /** The map and the statistics in one pass; {@code mask} may be null. */
  public static Statistics determinantAndStatistics(
      Tensor displacement, double[] gradientMap, Tensor mask, Tensor determinant) {
    return run(displacement, mask, gradientMap, determinant, true);
  }

  /** {@link #penalty(Tensor, double[], double, Tensor, Tensor)} over all voxels. */
  public static double penalty(
      Tensor displacement, double[] gradientMap, double leastDeterminant, Tensor gradient) {
    return penalty(displacement, gradientMap, leastDeterminant, null, gradient);
  }

  /**
   * Mean over the counted voxels of max(0, leastDeterminant - det)&sup2;.
   *
   * @param mask may be null
   * @param gradient the value's derivative by the displacement is written there; may be null
   */
  public static double penalty(
      Tensor displacement,
      double[] gradientMap,
      double leastDeterminant,
      Tensor mask,
      Tensor gradient) {
    requireMap(gradientMap);
    try (NativeCall call = new NativeCall(displacement.context())) {
      vk_jacobian_penalty_params params = call.own(new vk_jacobian_penalty_params());
      params.struct_size(params.sizeof()).least_determinant(leastDeterminant);
      for (int i = 0; i < 9; i++) {
        params.gradient_map(i, gradientMap[i]);
      }
      vk_view u = call.view(displacement);
      vk_view m = call.view(mask);
      vk_view g = call.view(gradient);
      vk_plan plan = call.plan();
      DoublePointer value = call.doubles(1);
      Status.check(Voxkern.vk_jacobian_penalty_plan(call.context(), u, m, params, g, plan));
      Status.check(
          Voxkern.vk_jacobian_penalty(
              call.context(), plan, u, m, params, g, call.workspace(plan), value));
      return value.get();
    }
  }

  private static Statistics run(
      Tensor displacement,
      Tensor mask,
      double[] gradientMap,
      Tensor determinant,
      boolean wantsStatistics) {
    requireMap(gradientMap);
    try (NativeCall call = new NativeCall(displacement.context())) {
      vk_jacobian_params params = call.own(new vk_jacobian_params());
      params.struct_size(params.sizeof());
      for (int i = 0; i < 9; i++) {
        params.gradient_map(i, gradientMap[i]);
      }
      vk_view u = call.view(displacement);
      vk_view m = call.view(mask);
      vk_view d = call.view(determinant);
      vk_plan plan = call.plan();
      vk_jacobian_statistics s = wantsStatistics ? call.own(new vk_jacobian_statistics()) : null;
      Status.check(Voxkern.vk_jacobian_plan(call.context(), u, m, params, d, plan));
      Status.check(
          Voxkern.vk_jacobian(call.context(), plan, u, m, params, d, call.workspace(plan), s));
      return s == null
          ? null
          : new Statistics(
              s.count(), s.nonpositive(), s.minimum(), s.maximum(), s.mean(), s.sd_log());
    }
  }

  private static void requireMap(double[] gradientMap) {
    if (gradientMap.length != 9) {
      throw new IllegalArgumentException(
          "jacobian: gradientMap has " + gradientMap.length + " values, expected 9, row-major");
    }
  }
}
