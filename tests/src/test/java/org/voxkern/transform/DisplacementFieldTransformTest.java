package org.voxkern.transform;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.voxkern.Context;
import org.voxkern.DisplacementField;
import org.voxkern.Geometry;
import org.voxkern.Tensor;

/** Interpolation of a field that is linear in the index, on an oblique grid. */
class DisplacementFieldTransformTest {
  @Test
  void interpolatesLinearlyAndIsTheIdentityOutside() {
    try (Context context = Context.create()) {
      double c = Math.cos(0.4);
      double s = Math.sin(0.4);
      Geometry grid =
          Geometry.of(
              new int[] {5, 4, 3},
              new double[] {1, 2, 3},
              new double[] {10, -20, 30},
              new double[] {c, -s, 0, s, c, 0, 0, 0, 1});
      float[] u = new float[3 * 60];
      for (int i = 0; i < u.length; i++) {
        int x = i % 5;
        int y = i / 5 % 4;
        int z = i / 20 % 3;
        u[i] = i / 60 + x - 2 * y + 0.5f * z;
      }
      Tensor tensor = Tensor.of(context, u, 3, 3, 4, 5);
      DisplacementFieldTransform transform =
          new DisplacementFieldTransform(new DisplacementField(tensor, grid));
      double[][] inside = {{0, 0, 0}, {4, 3, 2}, {1.25, 2.5, 0.75}, {3.999, 0.001, 1}};
      for (double[] index : inside) {
        assertDisplaced(transform, grid, index, index[0] - 2 * index[1] + 0.5 * index[2]);
      }
      // Half a voxel beyond the outermost centres the border's value holds.
      assertDisplaced(transform, grid, new double[] {-0.4, 3.4, 2.49}, -6 + 1);
      double[] outside = grid.indexToPhysical().apply(-0.6, 1, 1);
      assertArrayEquals(outside, transform.apply(outside), 0);
      tensor.close();
      assertThrows(IllegalStateException.class, () -> transform.apply(outside));
    }
  }

  private static void assertDisplaced(
      Transform transform, Geometry grid, double[] index, double first) {
    double[] point = grid.indexToPhysical().apply(index);
    assertArrayEquals(
        new double[] {point[0] + first, point[1] + first + 1, point[2] + first + 2},
        transform.apply(point),
        1e-6);
  }
}
