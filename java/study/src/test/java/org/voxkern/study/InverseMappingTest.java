package org.voxkern.study;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.voxkern.Context;
import org.voxkern.DisplacementField;
import org.voxkern.Geometry;
import org.voxkern.transform.DisplacementFieldTransform;
import org.voxkern.transform.Euler3DTransform;

/** The inverse of a large rotation with a deformation, on a grid and point by point. */
class InverseMappingTest {
  @Test
  void gridAndPointsAgreeAndUndoTheMapping() {
    Euler3DTransform turn =
        Euler3DTransform.fromParameters(
            new double[] {0.7, -0.4, 0.9, 12, -8, 5}, new double[] {30, 30, 30});
    double c = Math.cos(0.3);
    double s = Math.sin(0.3);
    try (Context context = Context.create()) {
      Geometry fixed =
          Geometry.of(
              new int[] {40, 36, 30},
              new double[] {1.5, 1.6, 2},
              new double[3],
              new double[] {c, -s, 0, s, c, 0, 0, 0, 1});
      DisplacementField field =
          TransformFields.of(
              context,
              p ->
                  turn.apply(
                      p[0] + 2 * Math.sin(p[1] / 9),
                      p[1] + 1.5 * Math.cos(p[2] / 8),
                      p[2] - 2 * Math.sin(p[0] / 10)),
              fixed);
      DisplacementFieldTransform mapping = new DisplacementFieldTransform(field);
      InverseMapping inverse = new InverseMapping(field);
      // A grid of moving space around where the middle of the fixed grid goes.
      double[] middle = mapping.apply(fixed.center());
      Geometry moving =
          Geometry.of(
              new int[] {12, 11, 10},
              new double[] {1.8, 1.7, 1.9},
              new double[] {middle[0] - 10, middle[1] - 9, middle[2] - 8},
              new double[] {1, 0, 0, 0, 1, 0, 0, 0, 1});
      DisplacementFieldTransform rest =
          new DisplacementFieldTransform(inverse.beyondLinear(moving));
      Random random = new Random(3);
      for (int i = 0; i < 200; i++) {
        double[] y =
            moving
                .indexToPhysical()
                .apply(random.nextInt(12), random.nextInt(11), random.nextInt(10));
        double[] byPoint = inverse.apply(y);
        double[] linear = inverse.linear().apply(y);
        double[] w = rest.apply(y);
        double[] byGrid = new double[3];
        for (int axis = 0; axis < 3; axis++) {
          byGrid[axis] = linear[axis] + w[axis] - y[axis];
        }
        assertArrayEquals(byPoint, byGrid, 1e-3);
        assertArrayEquals(y, mapping.apply(byGrid), 1e-3);
      }
    }
  }
}
