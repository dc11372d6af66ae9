package org.voxkern.study.synthetic;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.voxkern.AffineMap;
import org.voxkern.Geometry;

class KnownTransformTest {
  private static final Geometry HEAD =
      Geometry.of(
          new int[] {181, 217, 181},
          new double[] {1, 1, 1},
          new double[] {90, 125, -71},
          new double[] {-1, 0, 0, 0, -1, 0, 0, 0, 1});

  @Test
  void bothDirectionsAgree() {
    for (KnownTransform transform :
        new KnownTransform[] {
          KnownTransforms.rigid(HEAD),
          KnownTransforms.affine(HEAD),
          KnownTransforms.deformable(HEAD, 3),
          KnownTransforms.affineDeformable(HEAD, 4)
        }) {
      Random random = new Random(5);
      for (int i = 0; i < 200; i++) {
        double[] x =
            HEAD.indexToPhysical()
                .apply(
                    180 * random.nextDouble(),
                    216 * random.nextDouble(),
                    180 * random.nextDouble());
        assertArrayEquals(x, transform.toFixed(transform.apply(x)), 1e-7);
      }
    }
  }

  @Test
  void volumeChangesAsMuchAsAsked() {
    KnownTransform transform = KnownTransform.smooth(AffineMap.identity(), HEAD, 70, 1.41, 11);
    double least = 1;
    double greatest = 1;
    double step = 0.01;
    for (int z = 0; z < 181; z += 6) {
      for (int y = 0; y < 217; y += 6) {
        for (int x = 0; x < 181; x += 6) {
          double[] p = HEAD.indexToPhysical().apply(x, y, z);
          double[] j = new double[9];
          for (int axis = 0; axis < 3; axis++) {
            double[] ahead = p.clone();
            double[] behind = p.clone();
            ahead[axis] += step;
            behind[axis] -= step;
            double[] a = transform.toFixed(ahead);
            double[] b = transform.toFixed(behind);
            for (int row = 0; row < 3; row++) {
              j[3 * row + axis] = (a[row] - b[row]) / (2 * step);
            }
          }
          double determinant = AffineMap.of(j, new double[3]).determinant();
          least = Math.min(least, determinant);
          greatest = Math.max(greatest, determinant);
        }
      }
    }
    assertTrue(least > 1 / 1.5 && greatest < 1.5, least + " to " + greatest);
    assertTrue(least < 1 / 1.3 || greatest > 1.3, least + " to " + greatest);
  }

  @Test
  void obliqueGridKeepsTheMiddle() {
    KnownTransform transform = KnownTransforms.rigid(HEAD);
    Geometry grid = KnownTransforms.obliqueGrid(HEAD, transform);
    assertArrayEquals(transform.apply(HEAD.center()), grid.center(), 1e-9);
    assertEquals(1.3, grid.spacing(2));
  }
}
