package org.voxkern.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.voxkern.Context;
import org.voxkern.Tensor;

/** Quantiles against sorting. */
class QuantilesTest {
  private static final double[] FRACTIONS = {0, 0.01, 0.25, 0.5, 0.9, 0.999, 1};
  private static Context context;

  @BeforeAll
  static void open() {
    context = Context.create();
  }

  @AfterAll
  static void close() {
    context.close();
  }

  private static void assertQuantiles(float[] values, float[] finite, double tolerance) {
    Tensor image = Tensor.of(context, values, 1, 1, values.length);
    double[] found = Statistics.quantiles(image, null, FRACTIONS);
    float[] sorted = finite.clone();
    Arrays.sort(sorted);
    for (int k = 0; k < FRACTIONS.length; k++) {
      int rank = (int) Math.ceil(FRACTIONS[k] * sorted.length) - 1;
      assertEquals(sorted[Math.max(0, rank)], found[k], tolerance, "fraction " + FRACTIONS[k]);
    }
  }

  @Test
  void ofNormallyDistributedValues() {
    Random random = new Random(5);
    float[] values = new float[200_000];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    assertQuantiles(values, values, 10.0 / 4096);
  }

  @Test
  void ofWholeNumbers() {
    Random random = new Random(6);
    float[] values = new float[100_000];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextInt(100) < 60 ? 0 : random.nextInt(1000);
    }
    assertQuantiles(values, values, 1000.0 / 4096);
  }

  /** One voxel a billion times brighter than the others, and values that do not count. */
  @Test
  void outliersDoNotCoarsenTheRest() {
    Random random = new Random(7);
    float[] values = new float[100_000];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat();
    }
    values[17] = 1e9f;
    float[] finite = values.clone();
    float[] spoiled = Arrays.copyOf(values, values.length + 3);
    spoiled[values.length] = Float.NaN;
    spoiled[values.length + 1] = Float.NEGATIVE_INFINITY;
    spoiled[values.length + 2] = Float.POSITIVE_INFINITY;
    Tensor image = Tensor.of(context, spoiled, 1, 1, spoiled.length);
    double[] found = Statistics.quantiles(image, null, 0.1, 0.5, 0.9);
    Arrays.sort(finite);
    for (int k = 0; k < 3; k++) {
      double fraction = new double[] {0.1, 0.5, 0.9}[k];
      assertEquals(finite[(int) (fraction * finite.length)], found[k], 1e-3);
    }
  }

  @Test
  void degenerate() {
    Tensor flat = Tensor.of(context, new float[] {4, 4, 4}, 1, 1, 3);
    assertEquals(4, Statistics.quantiles(flat, null, 0.3)[0]);
    Tensor none = Tensor.of(context, new byte[3], 1, 1, 3);
    assertTrue(Double.isNaN(Statistics.quantiles(flat, none, 0.3)[0]));
    assertThrows(IllegalArgumentException.class, () -> Statistics.quantiles(flat, null, 1.5));
  }
}
