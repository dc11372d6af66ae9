package org.voxkern.segmentation;

import org.voxkern.Image;
import org.voxkern.Images;

/**
 * Permutes and flips axes so that they run as nearly as they can towards anatomical directions;
 * exact.
 *
 * @param directions one letter an axis, x first, of L or R, P or A, S or I: "RAS", "LIA"
 */
public record Reorient(String directions) implements PreprocessingStep {
  @Override
  public Image apply(Image image) {
    return Images.reorient(image, directions);
  }
}
