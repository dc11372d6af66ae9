package org.voxkern.metrics;

import java.util.Arrays;
import org.voxkern.transform.Transform;

/**
 * Distances in mm between where a transform brings points of the fixed image and where they are.
 */
public final class TargetRegistrationError {
  private final double[] errors;
  private final double[] sorted;

  private TargetRegistrationError(double[] errors) {
    this.errors = errors;
    sorted = errors.clone();
    Arrays.sort(sorted);
  }

  /**
   * @param transform fixed to moving
   * @param fixed points of the fixed image
   * @param moving the points of the moving image that they correspond to, in the same order
   * @throws IllegalArgumentException if there are none or not as many of one as of the other
   */
  public static TargetRegistrationError of(Transform transform, PointSet fixed, PointSet moving) {
    if (fixed.size() != moving.size() || fixed.size() == 0) {
      throw new IllegalArgumentException(
          fixed.size()
              + " fixed points and "
              + moving.size()
              + " moving points: expected as many of one as of the other, at least one");
    }
    double[] errors = new double[fixed.size()];
    for (int i = 0; i < errors.length; i++) {
      double[] mapped = transform.apply(fixed.point(i));
      double[] target = moving.point(i);
      errors[i] =
          Math.sqrt(
              square(mapped[0] - target[0])
                  + square(mapped[1] - target[1])
                  + square(mapped[2] - target[2]));
    }
    return new TargetRegistrationError(errors);
  }

  private static double square(double value) {
    return value * value;
  }

  public int count() {
    return errors.length;
  }

  /** mm, in the order of the points. */
  public double[] all() {
    return errors.clone();
  }

  public double mean() {
    double sum = 0;
    for (double error : errors) {
      sum += error;
    }
    return sum / errors.length;
  }

  public double median() {
    return percentile(50);
  }

  public double p95() {
    return percentile(95);
  }

  public double max() {
    return sorted[sorted.length - 1];
  }

  /**
   * The error that this many per cent of the points do not exceed, linearly interpolated between
   * the two nearest ranks.
   */
  public double percentile(double percent) {
    if (!(percent >= 0 && percent <= 100)) {
      throw new IllegalArgumentException("percentile " + percent + ": expected 0 to 100");
    }
    double rank = percent / 100 * (sorted.length - 1);
    int below = (int) Math.floor(rank);
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (rank - below) * (sorted[above] - sorted[below]);
  }

  @Override
  public String toString() {
    return String.format(
        java.util.Locale.ROOT,
        "%.3f mm mean, %.3f median, %.3f p95, %.3f max over %d points",
        mean(),
        median(),
        p95(),
        max(),
        count());
  }
}
