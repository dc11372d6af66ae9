package org.voxkern.study.synthetic;

import java.util.Random;
import org.voxkern.AffineMap;
import org.voxkern.Geometry;
import org.voxkern.transform.Transform;

/**
 * A transform given by formulae in both directions, so that a registration can be measured against
 * it: an affine map after a smooth deformation of fixed space, fixed &rarr; moving.
 *
 * <p>The deformation is a sum of a few sine waves. It is exact from moving to fixed space, which is
 * the direction that makes an image; from fixed to moving space it is solved to 1e-9 mm.
 */
public final class KnownTransform implements Transform {
  private static final int WAVES = 6;
  private static final double SOLVED_MM = 1e-10;
  private static final int MOST_STEPS = 200;

  private final AffineMap linear;
  private final AffineMap inverseLinear;

  /**
   * Three of the frequency (radians a mm), one phase, three of the amplitude in mm; a wave each.
   */
  private final double[][] waves;

  private KnownTransform(AffineMap linear, double[][] waves) {
    this.linear = linear;
    this.waves = waves;
    inverseLinear = linear.inverse();
  }

  /** An affine map alone. */
  public static KnownTransform linear(AffineMap map) {
    return new KnownTransform(map, new double[0][]);
  }

  /**
   * An affine map after a smooth deformation.
   *
   * @param region where the deformation's strength is set
   * @param wavelengthMm of the shortest wave
   * @param volumeChange the largest local change of volume by the deformation, such as 1.41: within
   *     the region it lies between 1 / volumeChange and volumeChange
   */
  public static KnownTransform smooth(
      AffineMap map, Geometry region, double wavelengthMm, double volumeChange, long seed) {
    if (!(wavelengthMm > 0) || !(volumeChange >= 1)) {
      throw new IllegalArgumentException(
          "a deformation of wavelength "
              + wavelengthMm
              + " mm and volume change "
              + volumeChange
              + ": expected a positive wavelength and a change of at least 1");
    }
    Random random = new Random(seed);
    double[][] waves = new double[WAVES][7];
    for (double[] wave : waves) {
      double length = wavelengthMm * (1 + random.nextDouble());
      double[] direction = direction(random);
      double[] push = direction(random);
      for (int axis = 0; axis < 3; axis++) {
        wave[axis] = 2 * Math.PI / length * direction[axis];
        // Longer waves push further, so that every wave strains alike.
        wave[4 + axis] = length * push[axis];
      }
      wave[3] = 2 * Math.PI * random.nextDouble();
    }
    scale(waves, scaleFor(waves, region, Math.log(volumeChange)));
    return new KnownTransform(map, waves);
  }

  /** Where a point of moving space lies in fixed space; exact. */
  public double[] toFixed(double... movingPoint) {
    double[] x = inverseLinear.apply(movingPoint);
    addWaves(x, x.clone());
    return x;
  }

  @Override
  public double[] apply(double... fixedPoint) {
    double[] x = {fixedPoint[0], fixedPoint[1], fixedPoint[2]};
    for (int step = 0; step < MOST_STEPS && waves.length > 0; step++) {
      double[] next = x.clone();
      addWaves(next, x);
      double change = 0;
      for (int axis = 0; axis < 3; axis++) {
        double correction = fixedPoint[axis] - next[axis];
        x[axis] += correction;
        change = Math.max(change, Math.abs(correction));
      }
      if (change < SOLVED_MM) {
        break;
      }
    }
    return linear.apply(x);
  }

  public AffineMap linear() {
    return linear;
  }

  private void addWaves(double[] sum, double[] at) {
    for (double[] wave : waves) {
      double sine = Math.sin(wave[0] * at[0] + wave[1] * at[1] + wave[2] * at[2] + wave[3]);
      sum[0] += wave[4] * sine;
      sum[1] += wave[5] * sine;
      sum[2] += wave[6] * sine;
    }
  }

  private static double[] direction(Random random) {
    double[] v = new double[3];
    double square;
    do {
      square = 0;
      for (int axis = 0; axis < 3; axis++) {
        v[axis] = 2 * random.nextDouble() - 1;
        square += v[axis] * v[axis];
      }
    } while (square > 1 || square < 0.01);
    double length = Math.sqrt(square);
    return new double[] {v[0] / length, v[1] / length, v[2] / length};
  }

  private static void scale(double[][] waves, double factor) {
    for (double[] wave : waves) {
      for (int axis = 4; axis < 7; axis++) {
        wave[axis] *= factor;
      }
    }
  }

  /** By bisection, the factor that makes the largest logarithm of a determinant the wanted one. */
  private static double scaleFor(double[][] waves, Geometry region, double wanted) {
    double low = 0;
    double high = 1;
    for (int step = 0; step < 40; step++) {
      double middle = (low + high) / 2;
      if (largestLogDeterminant(waves, region, middle) < wanted) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private static double largestLogDeterminant(double[][] waves, Geometry region, double factor) {
    int grid = 24;
    double largest = 0;
    for (int cell = 0; cell < grid * grid * grid; cell++) {
      double[] p =
          region
              .indexToPhysical()
              .apply(
                  (cell % grid) * (region.size(0) - 1.0) / (grid - 1),
                  (cell / grid % grid) * (region.size(1) - 1.0) / (grid - 1),
                  (cell / grid / grid) * (region.size(2) - 1.0) / (grid - 1));
      double determinant = determinant(waves, p, factor);
      if (!(determinant > 0)) {
        return Double.POSITIVE_INFINITY;
      }
      largest = Math.max(largest, Math.abs(Math.log(determinant)));
    }
    return largest;
  }

  private static double determinant(double[][] waves, double[] p, double factor) {
    double[] j = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    for (double[] wave : waves) {
      double slope = factor * Math.cos(wave[0] * p[0] + wave[1] * p[1] + wave[2] * p[2] + wave[3]);
      for (int row = 0; row < 3; row++) {
        for (int column = 0; column < 3; column++) {
          j[3 * row + column] += wave[4 + row] * wave[column] * slope;
        }
      }
    }
    return AffineMap.of(j, new double[3]).determinant();
  }
}
