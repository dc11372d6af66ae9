package org.voxkern.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.voxkern.AffineMap;
import org.voxkern.Context;
import org.voxkern.DisplacementField;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Tensor;

/** Surface distances and Jacobian statistics against what is known of simple shapes and maps. */
class SurfaceDistanceTest {
  private static final int N = 12;
  private static Context context;

  @BeforeAll
  static void open() {
    context = Context.create();
  }

  @AfterAll
  static void close() {
    context.close();
  }

  private static Image box(Geometry grid, int fromX, int toX) {
    byte[] mask = new byte[N * N * N];
    for (int z = 3; z < 9; z++) {
      for (int y = 3; y < 9; y++) {
        for (int x = fromX; x < toX; x++) {
          mask[(z * N + y) * N + x] = 1;
        }
      }
    }
    return new Image(Tensor.of(context, mask, N, N, N), grid);
  }

  @Test
  void shiftedBoxes() {
    Geometry grid = Geometry.of(new int[] {N, N, N}, new double[] {2, 1, 3});
    Image a = box(grid, 2, 6);
    SurfaceDistance same = SurfaceDistance.of(a, a);
    assertEquals(0, same.hausdorff());
    assertEquals(0, same.averageSymmetric());
    // One face moves by two voxels of 2 mm.
    SurfaceDistance moved = SurfaceDistance.of(a, box(grid, 2, 8));
    assertEquals(4, moved.hausdorff(), 1e-12);
    assertEquals(SurfaceDistance.of(box(grid, 2, 8), a).hausdorff95(), moved.hausdorff95(), 0);
  }

  @Test
  void agreesWithComparingEveryPair() {
    Geometry grid = Geometry.of(new int[] {9, 7, 5}, new double[] {0.7, 1.3, 2.9});
    Random random = new Random(4);
    byte[][] masks = new byte[2][9 * 7 * 5];
    for (byte[] mask : masks) {
      for (int i = 0; i < mask.length; i++) {
        mask[i] = (byte) (random.nextInt(3) == 0 ? 1 : 0);
      }
    }
    Image a = new Image(Tensor.of(context, masks[0], 5, 7, 9), grid);
    Image b = new Image(Tensor.of(context, masks[1], 5, 7, 9), grid);
    SurfaceDistance found = SurfaceDistance.of(a, b);
    double[] ab = directed(grid, masks[0], masks[1]);
    double[] ba = directed(grid, masks[1], masks[0]);
    assertEquals(Math.max(ab[ab.length - 1], ba[ba.length - 1]), found.hausdorff(), 1e-12);
    double sum = Arrays.stream(ab).sum() + Arrays.stream(ba).sum();
    assertEquals(sum / (ab.length + ba.length), found.averageSymmetric(), 1e-12);
  }

  private static double[] directed(Geometry grid, byte[] from, byte[] to) {
    List<double[]> targets = surface(grid, to);
    return surface(grid, from).stream()
        .mapToDouble(
            p ->
                targets.stream()
                    .mapToDouble(
                        q ->
                            Math.sqrt(
                                Math.pow(p[0] - q[0], 2)
                                    + Math.pow(p[1] - q[1], 2)
                                    + Math.pow(p[2] - q[2], 2)))
                    .min()
                    .orElseThrow())
        .sorted()
        .toArray();
  }

  private static List<double[]> surface(Geometry grid, byte[] mask) {
    int[] offsets = {-1, 0, 0, 1, 0, 0, 0, -1, 0, 0, 1, 0, 0, 0, -1, 0, 0, 1};
    List<double[]> points = new ArrayList<>();
    for (int z = 0; z < grid.size(2); z++) {
      for (int y = 0; y < grid.size(1); y++) {
        for (int x = 0; x < grid.size(0); x++) {
          boolean edge = false;
          for (int k = 0; k < 18; k += 3) {
            edge |= !in(grid, mask, x + offsets[k], y + offsets[k + 1], z + offsets[k + 2]);
          }
          if (edge && in(grid, mask, x, y, z)) {
            points.add(grid.indexToPhysical().apply(x, y, z));
          }
        }
      }
    }
    return points;
  }

  private static boolean in(Geometry grid, byte[] mask, int x, int y, int z) {
    return x >= 0
        && y >= 0
        && z >= 0
        && x < grid.size(0)
        && y < grid.size(1)
        && z < grid.size(2)
        && mask[(z * grid.size(1) + y) * grid.size(0) + x] != 0;
  }

  @Test
  void labelsAndRefusals() {
    Geometry grid = Geometry.of(new int[] {N, N, N}, new double[] {1, 1, 1});
    Image a = box(grid, 2, 6);
    assertEquals(0, SurfaceDistance.of(a, a, 1).hausdorff95());
    assertThrows(IllegalArgumentException.class, () -> SurfaceDistance.of(a, a, 2));
    Geometry other = Geometry.of(new int[] {N, N, N}, new double[] {1, 1, 1.5});
    assertThrows(
        IllegalArgumentException.class, () -> SurfaceDistance.of(a, new Image(a.data(), other)));
  }

  /** A linear displacement on an oblique grid has one determinant everywhere. */
  @Test
  void jacobianOfALinearField() {
    double c = Math.cos(0.4);
    double s = Math.sin(0.4);
    Geometry grid =
        Geometry.of(
            new int[] {6, 5, 4},
            new double[] {1, 2, 3},
            new double[] {5, -6, 7},
            new double[] {c, -s, 0, s, c, 0, 0, 0, 1});
    AffineMap map = AffineMap.of(1.1, 0.05, 0, 3, -0.02, 0.9, 0.1, 0, 0, 0.03, 1.2, -1);
    float[] u = new float[3 * 120];
    for (int i = 0; i < 120; i++) {
      double[] p = grid.indexToPhysical().apply(i % 6, i / 6 % 5, i / 30);
      double[] q = map.apply(p);
      for (int k = 0; k < 3; k++) {
        u[k * 120 + i] = (float) (q[k] - p[k]);
      }
    }
    DisplacementField field = new DisplacementField(Tensor.of(context, u, 3, 4, 5, 6), grid);
    JacobianStatistics found = JacobianStatistics.of(field, null);
    double expected = JacobianStatistics.of(map).mean();
    assertEquals(map.determinant(), expected, 0);
    assertEquals(120, found.count());
    assertEquals(0, found.nonpositiveFraction());
    assertEquals(expected, found.mean(), 1e-5);
    assertEquals(0, found.sdLog(), 1e-5);
    float[] determinants = JacobianStatistics.determinants(field).data().toFloatArray();
    assertEquals(expected, determinants[77], 1e-5);
    assertEquals(1, JacobianStatistics.of(AffineMap.scale(-1, 1, 1)).nonpositiveFraction());
  }
}
