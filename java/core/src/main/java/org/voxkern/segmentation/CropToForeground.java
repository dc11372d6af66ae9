package org.voxkern.segmentation;

import org.voxkern.Image;
import org.voxkern.Images;
import org.voxkern.IndexBox;

/**
 * Cuts off what surrounds the voxels that are greater than a threshold.
 *
 * @param threshold 0 for images whose background is 0
 * @param margin voxels that stay around them, as far as the image reaches
 */
public record CropToForeground(double threshold, int margin) implements PreprocessingStep {
  public CropToForeground {
    if (margin < 0) {
      throw new IllegalArgumentException("a margin of " + margin + " voxels: expected 0 or more");
    }
  }

  /**
   * @throws IllegalArgumentException if no voxel is greater than the threshold
   */
  @Override
  public Image apply(Image image) {
    IndexBox box = Images.foregroundBox(image, threshold);
    if (box == null) {
      throw new IllegalArgumentException(
          "no voxel of the image is greater than " + threshold + ": there is no foreground");
    }
    return Images.crop(image, box.grow(margin, image.geometry()));
  }
}
