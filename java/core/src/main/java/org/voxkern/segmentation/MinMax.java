package org.voxkern.segmentation;

import org.voxkern.Image;
import org.voxkern.op.Statistics;

/**
 * (value - low) / (high - low), with low and high two percentiles of the image; what lies beyond
 * them becomes 0 or 1.
 *
 * @param lowPercent 0 for the least value
 * @param highPercent 100 for the greatest
 */
public record MinMax(double lowPercent, double highPercent) implements PreprocessingStep {
  public MinMax {
    Intensities.requirePercentiles(lowPercent, highPercent);
  }

  /** From the least value to the greatest. */
  public static MinMax ofRange() {
    return new MinMax(0, 100);
  }

  /**
   * @throws IllegalArgumentException if the image has values that are not finite, or no contrast
   */
  @Override
  public Image apply(Image image) {
    Statistics.Result values = Intensities.requireFinite(image);
    if (lowPercent == 0 && highPercent == 100) {
      Intensities.requireContrast(values.min(), values.max(), "the least and greatest value");
      double range = values.max() - values.min();
      return Intensities.line(image, 1 / range, -values.min() / range);
    }
    double[] limits = Intensities.percentiles(image, lowPercent, highPercent);
    Intensities.requireContrast(
        limits[0], limits[1], "percentiles " + lowPercent + " and " + highPercent);
    return Intensities.window(image, limits[0], limits[1]);
  }
}
