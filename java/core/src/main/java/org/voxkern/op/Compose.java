package org.voxkern.op;

import org.voxkern.AffineMap;
import org.voxkern.DisplacementField;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_compose_params;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Displacement of one mapping after another: composed(x) = second(x) + first(x + second(x)), linear
 * between voxels.
 *
 * <p>Shapes: first (3, D1, H1, W1) on its own grid, second and composed (3, D, H, W); mm,
 * components x, y, z, f32, or f64 on the reference backend. {@code indexMap} takes an index of the
 * second's grid to one of the first's, {@code displacementMap} (row-major 3 by 3) a displacement in
 * mm to an index offset there.
 */
public final class Compose {
  /** What the first field is outside its grid. */
  public enum Outside {
    /** Zero: the mapping is the identity there. */
    ZERO,
    /** Its border continues. */
    CLAMP
  }

  private Compose() {}

  /**
   * Writes the composed field.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public static void apply(
      Tensor first,
      Tensor second,
      AffineMap indexMap,
      double[] displacementMap,
      Outside outside,
      Tensor composed) {
    FieldMaps.requireDisplacementMap("compose", displacementMap);
    double[] index = indexMap.toArray();
    try (NativeCall call = new NativeCall(second.context())) {
      vk_compose_params params = call.own(new vk_compose_params());
      params.struct_size(params.sizeof());
      params.border(outside == Outside.ZERO ? Voxkern.VK_BORDER_CONSTANT : Voxkern.VK_BORDER_CLAMP);
      for (int i = 0; i < 12; i++) {
        params.index_map(i, index[i]);
      }
      for (int i = 0; i < 9; i++) {
        params.displacement_map(i, displacementMap[i]);
      }
      vk_view f = call.view(first);
      vk_view s = call.view(second);
      vk_view c = call.view(composed);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_compose_plan(call.context(), f, s, params, c, plan));
      Status.check(Voxkern.vk_compose(call.context(), plan, f, s, params, c, call.workspace(plan)));
    }
  }

  /** {@code first} after {@code second}, on the grid of {@code second}. */
  public static DisplacementField of(
      DisplacementField first, DisplacementField second, Outside outside) {
    Tensor u = second.displacementMm();
    Tensor composed = Tensor.uninitialized(u.context(), u.type(), u.shape());
    apply(
        first.displacementMm(),
        u,
        first.geometry().physicalToIndex().after(second.geometry().indexToPhysical()),
        first.geometry().physicalToIndex().matrix(),
        outside,
        composed);
    return new DisplacementField(composed, second.geometry());
  }
}
