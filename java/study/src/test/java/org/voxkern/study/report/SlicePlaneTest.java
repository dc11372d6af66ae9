package org.voxkern.study.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.voxkern.Context;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Tensor;

class SlicePlaneTest {
  /** Index axes run to the patient's left, head (up) and front: x, z and -y of LPS. */
  private static final Geometry LSA =
      Geometry.of(
          new int[] {4, 6, 5},
          new double[] {2, 2, 2},
          new double[] {10, 20, 30},
          new double[] {1, 0, 0, 0, 0, -1, 0, 1, 0});

  @Test
  void namesAxesByTheNearestDirection() {
    assertEquals("LSA", Orientation.letters(LSA));
    assertEquals(0, Orientation.obliqueDegrees(LSA), 1e-6);
    double c = Math.cos(Math.toRadians(20));
    double s = Math.sin(Math.toRadians(20));
    Geometry oblique =
        Geometry.of(
            new int[] {4, 4, 4},
            new double[] {1, 1, 1},
            new double[3],
            new double[] {-c, s, 0, -s, -c, 0, 0, 0, 1});
    assertEquals("RAS", Orientation.letters(oblique));
    assertEquals(20, Orientation.obliqueDegrees(oblique), 1e-6);
  }

  @Test
  void laysPlanesOutAsRadiologistsDo() {
    List<SlicePlane> planes = SlicePlane.through(LSA, new double[] {1, 2, 3}, 6);
    assertEquals("axial", planes.get(0).name());
    assertArrayEquals(new String[] {"R", "L", "A", "P"}, planes.get(0).letters());
    assertArrayEquals(new String[] {"R", "L", "S", "I"}, planes.get(1).letters());
    assertArrayEquals(new String[] {"A", "P", "S", "I"}, planes.get(2).letters());
    assertEquals(4, planes.get(0).width());
    assertEquals(5, planes.get(0).height());
    assertEquals(6, planes.get(1).height());
    assertArrayEquals(new double[] {0, 0, -2}, planes.get(1).down(), 1e-12);
  }

  @Test
  void readsTheVoxelsOfThePlane() {
    try (Context context = Context.create()) {
      float[] values = new float[4 * 6 * 5];
      for (int i = 0; i < values.length; i++) {
        values[i] = i;
      }
      Volume volume = new Volume(new Image(Tensor.of(context, values, 5, 6, 4), LSA));
      SlicePlane axial = SlicePlane.through(LSA, new double[] {1, 2, 3}, 6).get(0);
      float[] slice = axial.sample(volume);
      // Top left is right and front: index x 0, y 2 (the slice), z 4.
      assertEquals(volume.at(0, 2, 4), slice[0], 1e-3);
      assertEquals(volume.at(3, 2, 0), slice[slice.length - 1], 1e-3);
      assertEquals(volume.at(1, 2, 3), slice[1 * 4 + 1], 1e-3);
    }
  }
}
