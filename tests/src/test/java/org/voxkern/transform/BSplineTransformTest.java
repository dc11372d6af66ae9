package org.voxkern.transform;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.voxkern.Geometry;

/** B-spline deformations against ITK's values and what cubic splines reproduce exactly. */
class BSplineTransformTest {
  private static final double C = Math.cos(0.2);
  private static final double S = Math.sin(0.2);

  /** The expected point was computed by ITK 5.2. */
  @Test
  void agreesWithItk() {
    double[] parameters = new double[3 * 5 * 4 * 6];
    for (int i = 0; i < parameters.length; i++) {
      parameters[i] = (i * 37 % 101) / 10.0 - 5;
    }
    double[] fixed = {5, 4, 6, -10, -35, -30, 12.5, 15, 20, C, -S, 0, S, C, 0, 0, 0, 1};
    BSplineTransform transform = BSplineTransform.fromItk(parameters, fixed);
    assertArrayEquals(
        new double[] {12.583828039251138, -7.2895073185936043, 31.299348387728138},
        transform.apply(12.5, -7.25, 31),
        1e-12);
    assertArrayEquals(fixed, transform.itkFixedParameters(), 0);
    assertArrayEquals(parameters, transform.parameters(), 0);
  }

  @Test
  void linearCoefficientsGiveALinearDeformationUpToTheEdges() {
    Geometry image =
        Geometry.of(
            new int[] {20, 30, 25},
            new double[] {1, 2, 3},
            new double[] {-5, 7, 11},
            new double[] {C, -S, 0, S, C, 0, 0, 0, 1});
    Geometry grid = BSplineTransform.controlGrid(image, 4, 5, 3);
    assertArrayEquals(new int[] {7, 8, 6}, grid.size());
    double[] parameters = new double[Math.toIntExact(3 * grid.voxelCount())];
    int at = 0;
    for (int c = 0; c < 3; c++) {
      for (int z = 0; z < 6; z++) {
        for (int y = 0; y < 8; y++) {
          for (int x = 0; x < 7; x++) {
            double[] p = grid.indexToPhysical().apply(x, y, z);
            parameters[at++] = c + 0.1 * p[0] - 0.2 * p[1] + 0.05 * p[2];
          }
        }
      }
    }
    BSplineTransform transform = new BSplineTransform(grid, parameters);
    // The outer faces of the first and last voxels are the edges of the spline's domain.
    double[][] indices = {
      {-0.5, -0.5, -0.5}, {19.5, 29.5, 24.5}, {19.5, 0, 24.5}, {3.3, 12.7, 9.1}, {0, 0, 0}
    };
    for (double[] index : indices) {
      double[] p = image.indexToPhysical().apply(index);
      double u = 0.1 * p[0] - 0.2 * p[1] + 0.05 * p[2];
      assertArrayEquals(
          new double[] {p[0] + u, p[1] + u + 1, p[2] + u + 2}, transform.apply(p), 1e-10);
    }
    double[] outside = image.indexToPhysical().apply(-0.51, 3, 3);
    assertArrayEquals(outside, transform.apply(outside), 0);
  }

  @Test
  void oneCoefficientHasTheWeightsOfTheCubicSpline() {
    Geometry grid = Geometry.of(new int[] {5, 5, 5}, new double[] {1, 1, 1});
    double[] parameters = new double[375];
    parameters[(2 * 5 + 2) * 5 + 2] = 27;
    BSplineTransform transform = new BSplineTransform(grid, parameters);
    assertEquals(2 + 27 * 8.0 / 27, transform.apply(2, 2, 2)[0], 1e-12);
    // At half a span the cubic spline's weight is 23/48.
    assertEquals(2.5 + 27 * 23.0 / 48 * 4.0 / 9, transform.apply(2.5, 2, 2)[0], 1e-12);
    assertEquals(3 + 27 / 6.0 * 4 / 9, transform.apply(3, 2, 2)[0], 1e-12);
    assertEquals(2, transform.apply(2, 2, 2)[1], 0);
  }

  @Test
  void refusals() {
    Geometry grid = Geometry.of(new int[] {4, 4, 3}, new double[] {1, 1, 1});
    assertThrows(IllegalArgumentException.class, () -> BSplineTransform.identity(grid));
    Geometry fine = Geometry.of(new int[] {4, 4, 4}, new double[] {1, 1, 1});
    assertThrows(IllegalArgumentException.class, () -> new BSplineTransform(fine, new double[191]));
    double[] fixed = new double[18];
    Arrays.fill(fixed, 4.5);
    assertThrows(
        IllegalArgumentException.class, () -> BSplineTransform.fromItk(new double[192], fixed));
  }
}
