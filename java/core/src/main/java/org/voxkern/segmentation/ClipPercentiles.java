package org.voxkern.segmentation;

import org.voxkern.Image;

/**
 * Brings every value between two percentiles of the image.
 *
 * @param lowPercent 0 for the least value
 * @param highPercent 100 for the greatest
 */
public record ClipPercentiles(double lowPercent, double highPercent) implements PreprocessingStep {
  public ClipPercentiles {
    Intensities.requirePercentiles(lowPercent, highPercent);
  }

  /**
   * @throws IllegalArgumentException if the image has values that are not finite
   */
  @Override
  public Image apply(Image image) {
    Intensities.requireFinite(image);
    double[] limits = Intensities.percentiles(image, lowPercent, highPercent);
    return Intensities.clip(image, limits[0], limits[1]);
  }
}
