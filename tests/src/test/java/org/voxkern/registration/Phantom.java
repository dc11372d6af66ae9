package org.voxkern.registration;

import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;
import org.voxkern.AffineMap;
import org.voxkern.Context;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Tensor;

/**
 * A smooth scene in physical space that can be seen on any grid, so that a pair of images with an
 * exactly known transform needs no interpolation.
 */
public final class Phantom {
  // Centre (mm), radii (mm), intensity of soft-edged ellipsoids.
  private static final double[][] ELLIPSOIDS = {
    {0, 0, 0, 42, 50, 38, 60},
    {10, -12, 5, 14, 10, 12, 45},
    {-16, 14, -8, 10, 16, 9, -30},
    {4, 22, 14, 9, 8, 14, 55},
    {-12, -20, 10, 8, 12, 7, 30},
    {20, 12, -14, 7, 9, 10, -40},
    {-4, 2, -20, 16, 6, 6, 25},
  };

  private Phantom() {}

  /** Intensity at a physical point. */
  public static double at(double[] p) {
    double sum = 0;
    for (double[] e : ELLIPSOIDS) {
      sum += e[6] / (1 + Math.exp(12 * (radius(p, e) - 1)));
    }
    return sum;
  }

  /**
   * The same with a pattern inside the largest ellipsoid, so that motion shows everywhere in it.
   */
  static double textured(double[] p) {
    double pattern =
        Math.sin(p[0] / 4.5 + 0.3) * Math.sin(p[1] / 5.5 + 1) * Math.sin(p[2] / 5 - 0.4)
            + 0.6 * Math.sin(p[0] / 7 + p[1] / 8 - p[2] / 9);
    return at(p) + 20 * pattern / (1 + Math.exp(12 * (radius(p, ELLIPSOIDS[0]) - 0.95)));
  }

  /** Whether a point of the scene is inside the largest ellipsoid. */
  static boolean isInside(double[] p) {
    return radius(p, ELLIPSOIDS[0]) < 0.95;
  }

  private static double radius(double[] p, double[] e) {
    double x = (p[0] - e[0]) / e[3];
    double y = (p[1] - e[1]) / e[4];
    double z = (p[2] - e[2]) / e[5];
    return Math.sqrt(x * x + y * y + z * z);
  }

  /** The scene through a map of the grid's points into the scene. */
  public static Image image(
      Context context, Geometry geometry, UnaryOperator<double[]> toScene, boolean inverted) {
    return image(
        context,
        geometry,
        p -> {
          double value = at(toScene.apply(p));
          return inverted ? 200 / (1 + value / 60) : value;
        });
  }

  /** What a function of physical points looks like on a grid. */
  static Image image(Context context, Geometry geometry, ToDoubleFunction<double[]> intensity) {
    int[] size = geometry.size();
    float[] values = new float[size[0] * size[1] * size[2]];
    AffineMap toPhysical = geometry.indexToPhysical();
    int voxel = 0;
    for (int z = 0; z < size[2]; z++) {
      for (int y = 0; y < size[1]; y++) {
        for (int x = 0; x < size[0]; x++) {
          values[voxel++] = (float) intensity.applyAsDouble(toPhysical.apply(x, y, z));
        }
      }
    }
    return new Image(Tensor.of(context, values, size[2], size[1], size[0]), geometry);
  }

  /** An axis-aligned anisotropic grid centred on the scene. */
  public static Geometry fixedGrid() {
    return centred(
        new int[] {56, 64, 40}, new double[] {2, 2, 2.5}, new double[] {1, 0, 0, 0, 1, 0, 0, 0, 1});
  }

  /** An oblique grid of other spacing. */
  public static Geometry movingGrid() {
    double c = Math.cos(0.2);
    double s = Math.sin(0.2);
    return centred(
        new int[] {60, 62, 54},
        new double[] {2, 2.2, 2},
        new double[] {c, -s, 0, s, c, 0, 0, 0, 1});
  }

  /** An oblique grid that shows the scene and a margin around it. */
  static Geometry wideGrid() {
    double c = Math.cos(0.2);
    double s = Math.sin(0.2);
    return centred(
        new int[] {74, 78, 64},
        new double[] {2, 2, 2.2},
        new double[] {c, -s, 0, s, c, 0, 0, 0, 1});
  }

  private static Geometry centred(int[] size, double[] spacing, double[] direction) {
    Geometry atZero = Geometry.of(size, spacing, new double[3], direction);
    double[] center = atZero.center();
    return Geometry.of(size, spacing, new double[] {-center[0], -center[1], -center[2]}, direction);
  }
}
