package org.voxkern.op;

import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_statistics_values;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Range, mean, variance, centre of mass and second moments of an image, and its quantiles.
 *
 * <p>Any element type; positions are indices x, y, z in voxels, x the last axis, axes before the
 * last three counted into z. The mask is u8 of the same shape, non-zero where a voxel counts. NaN
 * and infinities are counted and otherwise left out. Relative error of the sums below 1e-10 of what
 * the largest magnitude gives.
 */
public final class Statistics {
  private static final int BINS = 4096;
  private static final int MOST_REFINEMENTS = 6;

  private Statistics() {}

  /**
   * What the counted voxels hold.
   *
   * @param count finite voxels that count; with none, what follows is NaN and the weight is 0
   * @param variance of the population: the mean of the squared differences from the mean
   * @param weight sum of the weights, value less the floor
   * @param centerOfMass weighted mean index x, y, z; NaN when the weight is 0
   * @param secondMoments weighted second moments about it, 3 x 3 row by row, voxels squared
   */
  public record Result(
      long count,
      long nanCount,
      long infiniteCount,
      double min,
      double max,
      double mean,
      double variance,
      double weight,
      double[] centerOfMass,
      double[] secondMoments) {}

  /** Weights are the values less the least one. {@code mask} may be null. */
  public static Result of(Tensor image, Tensor mask) {
    return of(image, mask, Double.NaN);
  }

  /**
   * With the weights max(0, value - weightFloor).
   *
   * @param weightFloor NaN takes the least value
   * @throws IllegalArgumentException if the shapes disagree, naming both
   */
  public static Result of(Tensor image, Tensor mask, double weightFloor) {
    try (NativeCall call = new NativeCall(image.context())) {
      vk_view i = call.view(image);
      vk_view m = call.view(mask);
      vk_plan plan = call.plan();
      vk_statistics_values v = call.own(new vk_statistics_values());
      Status.check(Voxkern.vk_statistics_plan(call.context(), i, m, weightFloor, plan));
      Status.check(
          Voxkern.vk_statistics(call.context(), plan, i, m, weightFloor, call.workspace(plan), v));
      double[] s = new double[6];
      for (int k = 0; k < 6; k++) {
        s[k] = v.second_moment(k);
      }
      return new Result(
          v.count(),
          v.nan_count(),
          v.infinite_count(),
          v.minimum(),
          v.maximum(),
          v.mean(),
          v.variance(),
          v.weight(),
          new double[] {v.center(0), v.center(1), v.center(2)},
          new double[] {s[0], s[1], s[2], s[1], s[3], s[4], s[2], s[4], s[5]});
    }
  }

  /**
   * The values that these fractions of the finite, counted voxels lie below; 0 and 1 give the least
   * and the greatest. Others are within a 4096th of the distance between the outermost ones asked
   * for (of the whole range, when one alone is asked for).
   *
   * @return NaN for every fraction when no voxel counts
   * @throws IllegalArgumentException if a fraction is not within 0 and 1
   */
  public static double[] quantiles(Tensor image, Tensor mask, double... fractions) {
    for (double fraction : fractions) {
      if (!(fraction >= 0 && fraction <= 1)) {
        throw new IllegalArgumentException("fraction " + fraction + ": expected 0 to 1");
      }
    }
    Result all = of(image, mask);
    double[] values = new double[fractions.length];
    if (all.count() == 0 || all.min() == all.max()) {
      java.util.Arrays.fill(values, all.min());
      return values;
    }
    double low = all.min();
    double high = all.max();
    for (int round = 0; ; round++) {
      // Infinities were not counted above but lie beyond the range here.
      long[] counts = Histogram.of(image, mask, low, high, BINS);
      long below = round == 0 ? 0 : counts[0] - infinitiesBelow(image, mask, all);
      double width = (high - low) / BINS;
      double least = Double.POSITIVE_INFINITY;
      double greatest = Double.NEGATIVE_INFINITY;
      for (int k = 0; k < fractions.length; k++) {
        double value = quantile(counts, below, low, width, fractions[k] * all.count());
        values[k] =
            fractions[k] == 0
                ? all.min()
                : fractions[k] == 1 ? all.max() : Math.min(Math.max(value, all.min()), all.max());
        least = Math.min(least, values[k]);
        greatest = Math.max(greatest, values[k]);
      }
      // A few far-off voxels can push all else into few bins: look closer at those.
      double closerLow = Math.max(all.min(), least - 2 * width);
      double closerHigh = Math.min(all.max(), greatest + 2 * width);
      boolean closer = closerHigh - closerLow < (high - low) / 4;
      boolean distinct = closerHigh - closerLow > 1e-12 * (all.max() - all.min());
      if (!closer || !distinct || round == MOST_REFINEMENTS) {
        return values;
      }
      low = closerLow;
      high = closerHigh;
    }
  }

  private static long infinitiesBelow(Tensor image, Tensor mask, Result all) {
    if (all.infiniteCount() == 0) {
      return 0;
    }
    return Histogram.of(image, mask, all.min(), all.max(), 1)[0];
  }

  private static double quantile(long[] counts, long below, double low, double width, double rank) {
    double seen = below;
    for (int bin = 0; bin < BINS; bin++) {
      long here = counts[1 + bin];
      if (here > 0 && seen + here >= rank) {
        return low + width * (bin + Math.max(0, rank - seen) / here);
      }
      seen += here;
    }
    return low + width * BINS;
  }
}
