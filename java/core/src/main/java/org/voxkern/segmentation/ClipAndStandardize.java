package org.voxkern.segmentation;

import org.voxkern.Image;

/**
 * (value held within [low, high] - mean) / deviation, all four those of the data that a network was
 * trained on, as nnU-Net treats CT.
 */
public record ClipAndStandardize(double low, double high, double mean, double deviation)
    implements PreprocessingStep {
  public ClipAndStandardize {
    if (!(low < high) || !Double.isFinite(mean) || !(deviation > 0)) {
      throw new IllegalArgumentException(
          "clipping to ["
              + low
              + ", "
              + high
              + "], mean "
              + mean
              + ", deviation "
              + deviation
              + ": expected low < high and a positive deviation");
    }
  }

  @Override
  public Image apply(Image image) {
    Intensities.requireFinite(image);
    Image clipped = Intensities.clip(image, low, high);
    try {
      return Intensities.line(clipped, 1 / deviation, -mean / deviation);
    } finally {
      clipped.data().close();
    }
  }
}
