package org.voxkern.bench.registration;

import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Scope;
import org.voxkern.Tensor;
import org.voxkern.op.Gaussian;
import org.voxkern.study.Warping;

/**
 * Paints a scan on a map of FreeSurfer labels: every label has a mean and a standard deviation of
 * its own; then smoothing, a bias field, and noise.
 */
public enum LabelPainter {
  T1(110, 75, 90, 25),
  T2(70, 95, 80, 200);

  private static final double SMOOTHING_VOXELS = 0.7;
  private static final double BIAS = 0.075;
  private static final double NOISE = 4;

  /** Apart, since the constants of an enum are made before its static fields. */
  private static final class Structures {
    static final int[] WHITE_MATTER = {2, 41, 7, 46, 16, 28, 60};
    static final int[] GREY_MATTER = {3, 42, 8, 47, 17, 53, 18, 54, 26, 58};
    static final int[] DEEP_GREY = {10, 49, 11, 50, 12, 51, 13, 52};
    static final int[] FLUID = {4, 43, 5, 44, 14, 15, 24};
  }

  private final Map<Integer, Double> means = new HashMap<>();

  LabelPainter(double whiteMatter, double greyMatter, double deepGrey, double fluid) {
    put(Structures.WHITE_MATTER, whiteMatter);
    put(Structures.GREY_MATTER, greyMatter);
    put(Structures.DEEP_GREY, deepGrey);
    put(Structures.FLUID, fluid);
    means.put(0, 3.0);
  }

  private void put(int[] labels, double mean) {
    for (int label : labels) {
      means.put(label, mean);
    }
  }

  /**
   * @param labels i32
   * @return f32, in the innermost scope
   */
  public Image paint(Image labels, long seed) {
    Geometry grid = labels.geometry();
    try (Scope scope = Scope.open(labels.context())) {
      Image values = new Image(Warping.as(labels, ElementType.F32).data().copy(), grid);
      forEachSlice(values, (z, row) -> texture(row, new Random(seed * 1_000_003 + z)));
      double[] sigma = {SMOOTHING_VOXELS, SMOOTHING_VOXELS, SMOOTHING_VOXELS};
      Tensor smooth = Gaussian.smooth(values.data(), null, sigma, Gaussian.Border.RENORMALISED);
      Image painted = new Image(smooth, grid);
      double[][] bias = waves(grid, new Random(seed));
      forEachSlice(painted, (z, row) -> light(row, grid.size(0), z, bias, seed));
      smooth.moveTo(scope.parent());
      return painted;
    }
  }

  /** In place of labels, values. */
  private void texture(float[] row, Random random) {
    for (int i = 0; i < row.length; i++) {
      double mean = mean((int) row[i]);
      row[i] = (float) (mean * (1 + 0.06 * random.nextGaussian()));
    }
  }

  /** What lies outside the brain, and is in no table, has a mean that follows from its number. */
  private double mean(int label) {
    return means.computeIfAbsent(
        label, other -> 30 + 110 * new Random(31L * other + ordinal()).nextDouble());
  }

  private static void light(float[] row, int width, int z, double[][] bias, long seed) {
    Random random = new Random(seed * 7_000_003 + z);
    for (int i = 0; i < row.length; i++) {
      double slow = bias[0][i % width] * bias[1][i / width] * bias[2][z];
      row[i] =
          (float)
              Math.max(0, Math.rint(row[i] * (1 + BIAS * slow) + NOISE * random.nextGaussian()));
    }
  }

  private static double[][] waves(Geometry grid, Random random) {
    double[][] waves = new double[3][];
    for (int axis = 0; axis < 3; axis++) {
      double phase = 2 * Math.PI * random.nextDouble();
      waves[axis] = new double[grid.size(axis)];
      for (int i = 0; i < waves[axis].length; i++) {
        waves[axis][i] = Math.cos(1.2 * Math.PI * i / waves[axis].length + phase);
      }
    }
    return waves;
  }

  private interface SliceChange {
    void apply(int z, float[] values);
  }

  private static void forEachSlice(Image image, SliceChange change) {
    int count = image.geometry().size(0) * image.geometry().size(1);
    float[] values = new float[count];
    for (int z = 0; z < image.geometry().size(2); z++) {
      FloatBuffer slice =
          image.data().buffer((long) z * count * Float.BYTES, count * Float.BYTES).asFloatBuffer();
      slice.get(0, values);
      change.apply(z, values);
      slice.put(0, values);
    }
  }
}
