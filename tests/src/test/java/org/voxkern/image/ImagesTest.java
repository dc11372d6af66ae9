package org.voxkern.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.voxkern.Context;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Images;
import org.voxkern.IndexBox;
import org.voxkern.Tensor;

/** Crops, masks and reorientations keep every voxel where it was; checks say what is wrong. */
class ImagesTest {
  private static final int[] SIZE = {5, 4, 3};
  private Context context;

  @BeforeEach
  void open() {
    context = Context.create();
  }

  @AfterEach
  void close() {
    context.close();
  }

  /** Oblique and anisotropic; voxel values are their linear index. */
  private Image oblique() {
    double c = Math.cos(0.3);
    double s = Math.sin(0.3);
    short[] values = new short[60];
    for (int i = 0; i < 60; i++) {
      values[i] = (short) i;
    }
    Geometry grid =
        Geometry.of(
            SIZE,
            new double[] {1, 2, 3.5},
            new double[] {-7, 11, 40},
            new double[] {0, -c, s, 0, -s, -c, 1, 0, 0});
    return new Image(Tensor.of(context, values, 3, 4, 5), grid);
  }

  /** Every voxel of {@code part} has the value that {@code whole} has at the same place. */
  private static void assertSamePlaces(Image whole, Image part) {
    short[] values = part.data().toShortArray();
    int at = 0;
    for (int z = 0; z < part.geometry().size(2); z++) {
      for (int y = 0; y < part.geometry().size(1); y++) {
        for (int x = 0; x < part.geometry().size(0); x++) {
          double[] point = part.geometry().indexToPhysical().apply(x, y, z);
          double[] index = whole.geometry().physicalToIndex().apply(point);
          long expected =
              (Math.round(index[2]) * SIZE[1] + Math.round(index[1])) * SIZE[0]
                  + Math.round(index[0]);
          assertEquals(expected, values[at++]);
          for (double coordinate : index) {
            assertEquals(Math.rint(coordinate), coordinate, 1e-9);
          }
        }
      }
    }
  }

  @Test
  void cropKeepsPlaces() {
    Image image = oblique();
    Image part = Images.crop(image, new IndexBox(new int[] {1, 2, 0}, new int[] {3, 2, 2}));
    assertArrayEquals(new int[] {3, 2, 2}, part.geometry().size());
    assertSamePlaces(image, part);
    assertMessage(
        "expected a box within",
        () -> Images.crop(image, new IndexBox(new int[] {3, 0, 0}, new int[] {3, 1, 1})));
  }

  @ParameterizedTest
  @ValueSource(strings = {"LPS", "RAS", "SAL", "PIR", "ILP", "ASR"})
  void reorientationKeepsPlaces(String directions) {
    Image image = oblique();
    Image turned = Images.reorient(image, directions);
    assertSamePlaces(image, turned);
    double[] d = turned.geometry().direction();
    for (int axis = 0; axis < 3; axis++) {
      int physical = "LRPASI".indexOf(directions.charAt(axis)) / 2;
      double sign = "RAI".indexOf(directions.charAt(axis)) >= 0 ? -1 : 1;
      assertTrue(sign * d[3 * physical + axis] > 0.7, directions + " " + Arrays.toString(d));
    }
    Image back = Images.reorient(turned, "SRA");
    assertArrayEquals(
        Images.reorient(image, "SRA").data().toShortArray(), back.data().toShortArray());
  }

  @Test
  void reorientationOfBadDirections() {
    Image image = oblique();
    for (String bad : new String[] {"LPL", "LP", "XYZ", "lps", "LRS"}) {
      assertMessage("expected three letters", () -> Images.reorient(image, bad));
    }
  }

  @Test
  void masks() {
    Image image = oblique();
    byte[] nonZero = Images.mask(image).data().toByteArray();
    byte[] some = Images.mask(image, 7, 59, -1).data().toByteArray();
    for (int i = 0; i < 60; i++) {
      assertEquals(i == 0 ? 0 : 1, nonZero[i]);
      assertEquals(i == 7 || i == 59 ? 1 : 0, some[i]);
    }
    assertEquals(59f, Images.toFloat(image).data().toFloatArray()[59]);
  }

  @Test
  void foreground() {
    float[] values = new float[60];
    values[(1 * 4 + 2) * 5 + 3] = 2;
    values[(2 * 4 + 1) * 5 + 3] = 3;
    Geometry grid = Geometry.of(SIZE, new double[] {1, 1, 1});
    Image image = new Image(Tensor.of(context, values, 3, 4, 5), grid);
    IndexBox box = Images.foregroundBox(image, 1);
    assertEquals(new IndexBox(new int[] {3, 1, 1}, new int[] {1, 2, 2}), box);
    assertEquals(new IndexBox(new int[] {2, 0, 0}, new int[] {3, 4, 3}), box.grow(1, grid));
    assertNull(Images.foregroundBox(image, 5));
  }

  @Test
  void checksOfWhatIsRegistered() {
    Geometry grid = Geometry.of(new int[] {2, 2, 2}, new double[] {1, 1, 1});
    Image good = image(grid, 1, 2, 3, 4, 5, 6, 7, 8);
    Image half = mask(grid, 1, 1, 0, 0, 0, 0, 0, 0);
    Images.requireRegistrable(good, null, "fixed");
    Images.requireRegistrable(good, half, "fixed");
    Image nan = image(grid, 1, Float.NaN, 3, Float.POSITIVE_INFINITY, 5, 6, 7, 8);
    assertMessage(
        "the moving image holds 2 voxels that are NaN",
        () -> Images.requireRegistrable(nan, null, "moving"));
    Image flat = image(grid, 3, 3, 3, 3, 3, 3, 3, 3);
    assertMessage(
        "the fixed image is 3.0 everywhere: expected an image with contrast",
        () -> Images.requireRegistrable(flat, null, "fixed"));
    Image flatInside = image(grid, 3, 3, 4, 3, 3, 3, 3, 3);
    assertMessage(
        "wherever its mask counts", () -> Images.requireRegistrable(flatInside, half, "fixed"));
    assertMessage(
        "is empty", () -> Images.requireRegistrable(good, mask(grid, new int[8]), "fixed"));
    Geometry shifted =
        Geometry.of(
            new int[] {2, 2, 2},
            new double[] {1, 1, 1},
            new double[] {0.5, 0, 0},
            new double[] {1, 0, 0, 0, 1, 0, 0, 0, 1});
    assertMessage(
        "not on its image's grid",
        () -> Images.requireRegistrable(good, mask(shifted, 1, 1, 1, 1, 1, 1, 1, 1), "fixed"));
    assertMessage("expected U8", () -> Images.requireRegistrable(good, good, "fixed"));
    assertMessage("expected F32", () -> Images.requireRegistrable(half, null, "fixed"));
    Geometry plane = Geometry.of(new int[] {4, 2, 1}, new double[] {1, 1, 1});
    assertMessage(
        "expected a 3D image",
        () -> Images.requireRegistrable(image(plane, 1, 2, 3, 4, 5, 6, 7, 8), null, "fixed"));
  }

  @Test
  void overlapOfBoxes() {
    Geometry grid = Geometry.of(new int[] {2, 2, 2}, new double[] {1, 1, 1});
    double[] axes = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    Image fixed = image(grid, 1, 2, 3, 4, 5, 6, 7, 8);
    Geometry near = Geometry.of(grid.size(), grid.spacing(), new double[] {1.9, 1.9, 1.9}, axes);
    Geometry far = Geometry.of(grid.size(), grid.spacing(), new double[] {0, 0, 50}, axes);
    Images.requireOverlap(fixed, image(near, 1, 2, 3, 4, 5, 6, 7, 8));
    assertMessage(
        "do not overlap", () -> Images.requireOverlap(fixed, image(far, 1, 2, 3, 4, 5, 6, 7, 8)));
  }

  private Image image(Geometry grid, float... values) {
    return new Image(Tensor.of(context, values, grid.shape().toArray()), grid);
  }

  private Image mask(Geometry grid, int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return new Image(Tensor.of(context, bytes, grid.shape().toArray()), grid);
  }

  private static void assertMessage(String part, org.junit.jupiter.api.function.Executable call) {
    String message = assertThrows(IllegalArgumentException.class, call).getMessage();
    assertTrue(message.contains(part), message);
    assertTrue(!message.contains("\n"), message);
  }
}
