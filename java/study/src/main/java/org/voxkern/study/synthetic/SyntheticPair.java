package org.voxkern.study.synthetic;

import java.nio.FloatBuffer;
import java.util.Random;
import java.util.stream.IntStream;
import org.voxkern.AffineMap;
import org.voxkern.Context;
import org.voxkern.DisplacementField;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Scope;
import org.voxkern.op.Warp3d.Interpolation;
import org.voxkern.study.TransformFields;
import org.voxkern.study.Warping;

/**
 * A moving image made of a real fixed one by a known transform, in another contrast.
 *
 * <p>The same arguments make the same bits on every machine of one instruction set.
 *
 * @param fixed the real scan, whose darkest value is 0, as beyond its edge
 * @param moving the same anatomy on another grid; f32 with whole values of 0 to 1000 or so
 * @param truth from fixed to moving points
 */
public record SyntheticPair(Image fixed, Image moving, KnownTransform truth) {

  private static final double BRIGHTEST = 1000;
  private static final int CURVE_POINTS = 4096;

  /**
   * Makes the moving image.
   *
   * @param fixed f32
   * @param movingGrid grid of the moving image
   * @param seed of the noise and of the bias field
   */
  public static SyntheticPair of(
      Image fixed, KnownTransform truth, Geometry movingGrid, Contrast contrast, long seed) {
    Context context = fixed.context();
    float[] range = range(fixed);
    try (Scope scope = Scope.open(context)) {
      DisplacementField back = TransformFields.of(context, truth::toFixed, movingGrid);
      Image seen = Warping.dense(fixed, back, Interpolation.CUBIC_B_SPLINE);
      paint(seen, range, contrast, seed);
      seen.data().moveTo(scope.parent());
      return new SyntheticPair(fixed, seen, truth);
    }
  }

  /** Labels of the fixed image as they lie in the moving one. */
  public static Image movedLabels(Image labels, KnownTransform truth, Geometry movingGrid) {
    Context context = labels.context();
    try (Scope scope = Scope.open(context)) {
      Image moved =
          Warping.labels(
              labels,
              AffineMap.identity(),
              java.util.Optional.of(TransformFields.of(context, truth::toFixed, movingGrid)),
              movingGrid);
      moved.data().moveTo(scope.parent());
      return moved;
    }
  }

  private static void paint(Image image, float[] range, Contrast contrast, long seed) {
    Geometry grid = image.geometry();
    int width = grid.size(0);
    int slice = width * grid.size(1);
    float[] curve = new float[CURVE_POINTS + 1];
    for (int i = 0; i <= CURVE_POINTS; i++) {
      curve[i] = (float) contrast.apply((double) i / CURVE_POINTS);
    }
    double[][] bias = biasFactors(grid, seed);
    IntStream.range(0, grid.size(2))
        .parallel()
        .forEach(
            z -> {
              // A generator a slice, so that the noise does not depend on the threads.
              Random random = new Random(seed * 1_000_003 + z);
              FloatBuffer voxels =
                  image
                      .data()
                      .buffer((long) z * slice * Float.BYTES, slice * Float.BYTES)
                      .asFloatBuffer();
              for (int i = 0; i < slice; i++) {
                double part = (voxels.get(i) - range[0]) / (range[1] - range[0]);
                double slow = bias[0][i % width] * bias[1][i / width] * bias[2][z];
                double light = 1 + contrast.bias() * slow;
                double value =
                    contrast.biasComesFirst()
                        ? onCurve(curve, part * light)
                        : onCurve(curve, part) * light;
                if (contrast.noise() > 0) {
                  value += contrast.noise() * random.nextGaussian();
                }
                voxels.put(i, (float) Math.rint(BRIGHTEST * Math.max(0, value)));
              }
            });
  }

  private static double onCurve(float[] curve, double part) {
    return curve[(int) Math.max(0, Math.min(CURVE_POINTS, Math.round(part * CURVE_POINTS)))];
  }

  /** A product of one slow wave along each axis, each in [-1, 1]. */
  private static double[][] biasFactors(Geometry grid, long seed) {
    Random random = new Random(seed);
    double[][] factors = new double[3][];
    for (int axis = 0; axis < 3; axis++) {
      int size = grid.size(axis);
      double phase = 2 * Math.PI * random.nextDouble();
      factors[axis] = new double[size];
      for (int i = 0; i < size; i++) {
        factors[axis][i] = Math.cos(Math.PI * i / size * 1.2 + phase);
      }
    }
    return factors;
  }

  /** The darkest value, and what all but the brightest thousandth of the voxels lie below. */
  private static float[] range(Image image) {
    int voxels = (int) Math.min(image.geometry().voxelCount(), Integer.MAX_VALUE / Float.BYTES);
    FloatBuffer values = image.data().buffer(0, voxels * Float.BYTES).asFloatBuffer();
    int step = Math.max(1, voxels / 200_000);
    float[] sample = new float[(voxels + step - 1) / step];
    for (int i = 0; i < sample.length; i++) {
      sample[i] = values.get(i * step);
    }
    java.util.Arrays.sort(sample);
    float high = sample[(int) (0.999 * (sample.length - 1))];
    return new float[] {sample[0], high > sample[0] ? high : sample[0] + 1};
  }
}
