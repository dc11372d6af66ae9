package org.voxkern.op;

import org.voxkern.AffineMap;
import org.voxkern.DisplacementField;
import org.voxkern.Geometry;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_invert_params;
import org.voxkern.internal.vk_invert_report;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Displacement w of the inverse of the mapping x &rarr; x + u(x): w(x) = -u(x + w(x)), by
 * fixed-point iteration of every voxel until it meets the tolerance. It converges where the
 * displacement's slopes are below 1.
 *
 * <p>Shapes: displacement (3, D1, H1, W1) on its own grid, inverse (3, D, H, W); mm, components x,
 * y, z, f32, or f64 on the reference backend. {@code indexMap} takes an index of the inverse's grid
 * to one of the displacement's, {@code displacementMap} (row-major 3 by 3) mm to an index offset
 * there. The border of the displacement continues.
 */
public final class Invert {
  private Invert() {}

  /**
   * Of |u(x + w(x)) + w(x)|, in mm.
   *
   * @param unconverged voxels above the tolerance, or with no number
   */
  public record Report(double maxResidualMm, double meanResidualMm, long unconverged) {}

  /** An inverse and how good it is. */
  public record Result(DisplacementField inverse, Report report) {}

  /** Writes the inverse. */
  public static Report apply(
      Tensor displacement,
      AffineMap indexMap,
      double[] displacementMap,
      int iterations,
      double toleranceMm,
      Tensor inverse) {
    FieldMaps.requireDisplacementMap("invert", displacementMap);
    double[] index = indexMap.toArray();
    try (NativeCall call = new NativeCall(displacement.context())) {
      vk_invert_params params = call.own(new vk_invert_params());
      params.struct_size(params.sizeof()).iterations(iterations).tolerance_mm(toleranceMm);
      for (int i = 0; i < 12; i++) {
        params.index_map(i, index[i]);
      }
      for (int i = 0; i < 9; i++) {
        params.displacement_map(i, displacementMap[i]);
      }
      vk_view u = call.view(displacement);
      vk_view w = call.view(inverse);
      vk_plan plan = call.plan();
      vk_invert_report report = call.own(new vk_invert_report());
      Status.check(Voxkern.vk_invert_plan(call.context(), u, params, w, plan));
      Status.check(
          Voxkern.vk_invert(call.context(), plan, u, params, w, call.workspace(plan), report));
      return new Report(report.max_residual_mm(), report.mean_residual_mm(), report.unconverged());
    }
  }

  /** The inverse of a field on any grid. */
  public static Result of(
      DisplacementField field, Geometry grid, int iterations, double toleranceMm) {
    Tensor u = field.displacementMm();
    Tensor w = Tensor.uninitialized(u.context(), u.type(), grid.shape().prepend(3));
    Report report =
        apply(
            u,
            field.geometry().physicalToIndex().after(grid.indexToPhysical()),
            field.geometry().physicalToIndex().matrix(),
            iterations,
            toleranceMm,
            w);
    return new Result(new DisplacementField(w, grid), report);
  }
}
