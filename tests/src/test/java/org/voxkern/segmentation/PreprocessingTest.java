package org.voxkern.segmentation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Images;
import org.voxkern.IndexBox;
import org.voxkern.Scope;
import org.voxkern.Tensor;
import org.voxkern.itk.ImageIo;
import org.voxkern.testing.Requirement;

class PreprocessingTest {
  private final Context context = Context.create();

  @AfterEach
  void close() {
    context.close();
  }

  /** Oblique by about 20 degrees about a skew axis, anisotropic, far from the origin. */
  private static Geometry oblique(int... size) {
    double a = Math.toRadians(20);
    double b = Math.toRadians(-12);
    double[] direction = {
      Math.cos(a),
      -Math.sin(a) * Math.cos(b),
      Math.sin(a) * Math.sin(b),
      Math.sin(a),
      Math.cos(a) * Math.cos(b),
      -Math.cos(a) * Math.sin(b),
      0,
      Math.sin(b),
      Math.cos(b)
    };
    return Geometry.of(size, new double[] {0.9, 1.1, 2.3}, new double[] {-31, 52, 117}, direction);
  }

  /** Of a function of physical points. */
  private Image image(Geometry grid, ToDoubleFunction<double[]> value) {
    float[] values = new float[(int) grid.voxelCount()];
    int at = 0;
    for (int z = 0; z < grid.size(2); z++) {
      for (int y = 0; y < grid.size(1); y++) {
        for (int x = 0; x < grid.size(0); x++) {
          values[at++] = (float) value.applyAsDouble(grid.indexToPhysical().apply(x, y, z));
        }
      }
    }
    return new Image(Tensor.of(context, values, grid.shape().toArray()), grid);
  }

  private Image labels(Geometry grid) {
    int[] values = new int[(int) grid.voxelCount()];
    Arrays.setAll(values, i -> i + 1);
    return new Image(Tensor.of(context, values, grid.shape().toArray()), grid);
  }

  private static double ramp(double[] p) {
    return 3 + 0.5 * p[0] - 0.25 * p[1] + 0.125 * p[2];
  }

  @ParameterizedTest
  @ValueSource(strings = {"LPS", "RAS", "LIA", "AIL", "SRP", "ILA", "PIR", "ASL"})
  void whatIsPermutedAndFlippedComesBackExactly(String directions) {
    Image scan = labels(oblique(7, 5, 4));
    Image input = Preprocessing.of(new Reorient(directions)).apply(scan);
    Image restored = Preprocessing.restore(input, scan.geometry());
    assertEquals(scan.geometry(), restored.geometry());
    assertArrayEquals(scan.data().toIntArray(), restored.data().toIntArray());
  }

  @Test
  void whatIsCutOffBecomesBackground() {
    Geometry grid = oblique(9, 8, 7);
    IndexBox box = new IndexBox(new int[] {2, 3, 1}, new int[] {4, 2, 5});
    float[] values = new float[(int) grid.voxelCount()];
    int[] expected = new int[values.length];
    Image all = labels(grid);
    int[] label = all.data().toIntArray();
    for (int i = 0; i < values.length; i++) {
      int[] index = {i % 9, i / 9 % 8, i / 72};
      boolean inside = true;
      boolean near = true;
      for (int axis = 0; axis < 3; axis++) {
        int from = box.first()[axis];
        int to = from + box.size()[axis];
        inside &= index[axis] >= from && index[axis] < to;
        near &= index[axis] >= from - 1 && index[axis] < to + 1;
      }
      values[i] = inside ? 5 : -1;
      expected[i] = near ? label[i] : 0;
    }
    Image scan = new Image(Tensor.of(context, values, grid.shape().toArray()), grid);
    Image cropped = new CropToForeground(0, 1).apply(scan);
    assertArrayEquals(new int[] {6, 4, 7}, cropped.geometry().size());
    Image cut = Images.crop(all, box.grow(1, grid));
    assertArrayEquals(expected, Preprocessing.restore(cut, grid).data().toIntArray());
    IllegalArgumentException none =
        assertThrows(IllegalArgumentException.class, () -> new CropToForeground(5, 0).apply(scan));
    assertTrue(none.getMessage().contains("foreground"), none.getMessage());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void resamplingKeepsPlacesInThePatient(int order) {
    Geometry grid = oblique(20, 18, 16);
    Image scan = image(grid, PreprocessingTest::ramp);
    Image resampled = ResampleToSpacing.of(1.3, 0.7, 1.9).order(order).apply(scan);
    Geometry to = resampled.geometry();
    assertArrayEquals(new int[] {14, 28, 19}, to.size());
    assertArrayEquals(new double[] {1.3, 0.7, 1.9}, to.spacing());
    assertArrayEquals(grid.center(), to.center(), 1e-9);
    float[] expected = image(to, PreprocessingTest::ramp).data().toFloatArray();
    float[] actual = resampled.data().toFloatArray();
    int compared = 0;
    for (int i = 0; i < actual.length; i++) {
      double[] index =
          grid.physicalToIndex()
              .apply(to.indexToPhysical().apply(i % 14, i / 14 % 28, i / (14 * 28)));
      boolean interior = true;
      // The spline of a ramp that is mirrored at its ends is bent near them.
      int margin = order == 3 ? 5 : 0;
      for (int axis = 0; axis < 3; axis++) {
        interior &= index[axis] >= margin && index[axis] <= grid.size(axis) - 1 - margin;
      }
      if (interior) {
        assertEquals(expected[i], actual[i], order == 3 ? 2e-3 : 1e-4);
        compared++;
      }
    }
    assertTrue(compared > 300, compared + " voxels were compared");
  }

  @Test
  void thickSlicesAreNotMixed() {
    Geometry grid = Geometry.of(new int[] {6, 6, 5}, new double[] {1, 1, 5});
    Image scan = image(grid, p -> p[0] + 100 * p[2] / 5);
    ResampleToSpacing fine = ResampleToSpacing.of(0.5, 0.5, 1);
    Image apart = fine.order(1).apply(scan);
    assertArrayEquals(new int[] {12, 12, 25}, apart.geometry().size());
    float[] values = apart.data().toFloatArray();
    for (int z = 0; z < 25; z++) {
      assertEquals(100 * (z / 5) + 1.25, values[(z * 12 + 5) * 12 + 3], 1e-4, "slice " + z);
    }
    Image mixed = fine.order(1).acrossSlices(0, Double.POSITIVE_INFINITY).apply(scan);
    assertEquals(101.25 + 20, mixed.data().toFloatArray()[(8 * 12 + 5) * 12 + 3], 1e-3);
    Image linear = fine.acrossSlices(1, 3).apply(scan);
    assertEquals(121.25, linear.data().toFloatArray()[(8 * 12 + 5) * 12 + 3], 0.2);
  }

  @Test
  void nearestLabelsComeBackThroughAFinerGrid() {
    Image scan = labels(oblique(6, 7, 5));
    double[] half = scan.geometry().spacing();
    Image floats = Images.toFloat(scan);
    Image fine = ResampleToSpacing.of(half[0] / 2, half[1] / 2, half[2] / 2).order(0).apply(floats);
    assertArrayEquals(new int[] {12, 14, 10}, fine.geometry().size());
    Image restored = Preprocessing.restore(fine, scan.geometry());
    assertArrayEquals(floats.data().toFloatArray(), restored.data().toFloatArray());
  }

  @Test
  void conformsAsFreeSurferDoes() {
    Geometry grid = oblique(40, 30, 20);
    Image scan = image(grid, p -> 1000 + 10 * ramp(p));
    Conform conform = new Conform(64, 1);
    Image conformed = conform.apply(scan);
    Geometry to = conformed.geometry();
    assertEquals(ElementType.U8, conformed.type());
    assertArrayEquals(new int[] {64, 64, 64}, to.size());
    assertArrayEquals(new double[] {1, 0, 0, 0, 0, -1, 0, -1, 0}, to.direction());
    assertArrayEquals(
        grid.indexToPhysical().apply(20, 15, 10), to.indexToPhysical().apply(32, 32, 32), 1e-9);
    // Nothing is 0 here, so a thousandth of the voxels is white, up to two bins of a thousand.
    float[] sorted = scan.data().toFloatArray();
    Arrays.sort(sorted);
    double low = sorted[0];
    double high = sorted[(int) (0.999 * sorted.length)];
    byte[] values = conformed.data().toByteArray();
    int compared = 0;
    for (int i = 0; i < values.length; i++) {
      double[] p = to.indexToPhysical().apply(i % 64, i / 64 % 64, i / 4096);
      double[] index = grid.physicalToIndex().apply(p);
      boolean inside = true;
      for (int axis = 0; axis < 3; axis++) {
        inside &= index[axis] >= 0 && index[axis] <= grid.size(axis) - 1;
      }
      if (inside) {
        double expected = 255 * (1000 + 10 * ramp(p) - low) / (high - low);
        assertEquals(Math.min(255, expected), values[i] & 0xff, 2);
        compared++;
      }
    }
    assertTrue(compared > 20_000, compared + " voxels were compared");
    assertSame(conformed, conform.apply(conformed));
    assertEquals(grid, Preprocessing.restore(conform.apply(conformed), grid).geometry());
  }

  @Test
  void aConformedScanStaysAsItIs() throws Exception {
    Image scan = ImageIo.read(context, Requirement.dataSet("meshnet").resolve("example.nii.gz"));
    assertSame(scan, new Conform().apply(scan));
  }

  @Test
  void intensitiesAreScaled() {
    Geometry grid = oblique(11, 9, 10);
    Random random = new Random(4);
    Image scan = image(grid, p -> random.nextInt(4) == 0 ? 0 : 50 + 400 * random.nextDouble());
    float[] values = scan.data().toFloatArray();
    float[] sorted = values.clone();
    Arrays.sort(sorted);
    double greatest = sorted[sorted.length - 1];
    check(scan, MinMax.ofRange(), v -> v / greatest, 1e-6);
    double p5 = sorted[(int) (0.3 * sorted.length)];
    double p95 = sorted[(int) (0.9 * sorted.length)];
    check(scan, new MinMax(30, 90), v -> Math.min(1, Math.max(0, (v - p5) / (p95 - p5))), 0.02);
    check(scan, new ClipPercentiles(30, 90), v -> Math.min(p95, Math.max(p5, v)), 4);
    check(scan, new CtWindow(200, 100), v -> Math.min(1, Math.max(0, (v - 150) / 100)), 1e-6);
    check(
        scan,
        new ClipAndStandardize(100, 300, 170, 40),
        v -> (Math.min(300, Math.max(100, v)) - 170) / 40,
        1e-5);
    double[] all = moments(values, false);
    check(scan, new ZScore(false), v -> (v - all[0]) / all[1], 1e-5);
    double[] foreground = moments(values, true);
    check(scan, new ZScore(true), v -> v == 0 ? 0 : (v - foreground[0]) / foreground[1], 1e-5);
    Image bytes = Images.mask(scan);
    assertEquals(1, new MinMax(0, 100).apply(bytes).data().toFloatArray()[3], 1);
  }

  private static double[] moments(float[] values, boolean foreground) {
    double sum = 0;
    double squares = 0;
    int count = 0;
    for (float value : values) {
      if (!foreground || value != 0) {
        sum += value;
        squares += (double) value * value;
        count++;
      }
    }
    double mean = sum / count;
    return new double[] {mean, Math.sqrt(squares / count - mean * mean)};
  }

  private void check(
      Image scan,
      PreprocessingStep step,
      java.util.function.DoubleUnaryOperator expected,
      double bound) {
    float[] before = scan.data().toFloatArray();
    try (Scope scope = Scope.open(context)) {
      Image after = step.apply(scan);
      assertEquals(ElementType.F32, after.type(), step.toString());
      assertEquals(scan.geometry(), after.geometry());
      float[] values = after.data().toFloatArray();
      for (int i = 0; i < values.length; i++) {
        assertEquals(
            expected.applyAsDouble(before[i]), values[i], bound, step + " of " + before[i]);
      }
    }
    assertArrayEquals(before, scan.data().toFloatArray());
  }

  @Test
  void aChainLeavesNothingButItsResult() {
    Image scan = image(oblique(20, 18, 16), p -> 100 + ramp(p));
    long before = context.memory().inUse();
    Image result =
        Preprocessing.of(
                new Reorient("RAS"),
                ResampleToSpacing.of(2, 2, 2),
                new CropToForeground(0, 2),
                new ZScore(true))
            .apply(scan);
    result.data().close();
    assertEquals(before, context.memory().inUse());
    assertSame(scan, Preprocessing.of().apply(scan));
  }

  @Test
  void badInputIsNamed() {
    Geometry grid = oblique(4, 4, 4);
    refuse(() -> new Reorient("RAX").apply(labels(grid)), "RAX");
    refuse(() -> ResampleToSpacing.of(1, 0, 1), "0.0");
    refuse(() -> ResampleToSpacing.of(1, 1, 1).order(2), "2");
    refuse(() -> new MinMax(50, 50), "50.0");
    refuse(() -> new CtWindow(40, 0), "width");
    refuse(() -> MinMax.ofRange().apply(image(grid, p -> 7)), "7.0", "contrast");
    refuse(() -> new ZScore(true).apply(image(grid, p -> 0)), "foreground");
    refuse(() -> new ZScore(false).apply(image(grid, p -> p[0] > -31 ? Double.NaN : 1)), "NaN");
    refuse(() -> new Conform(0, 1), "0 voxels");
    Tensor movie = Tensor.zeros(context, ElementType.F32, grid.shape().prepend(1).prepend(2));
    refuse(() -> ResampleToSpacing.of(1, 1, 1).apply(new Image(movie, grid)), "time");
  }

  private static void refuse(org.junit.jupiter.api.function.Executable action, String... words) {
    IllegalArgumentException failure = assertThrows(IllegalArgumentException.class, action);
    for (String word : words) {
      assertTrue(failure.getMessage().contains(word), failure.getMessage());
    }
  }
}
