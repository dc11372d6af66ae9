package org.voxkern.segmentation;

import org.voxkern.Image;

/**
 * From [level - width / 2, level + width / 2] to [0, 1], as a CT is looked at; what lies beyond
 * becomes 0 or 1.
 *
 * @param level Hounsfield units in the middle: 40 for soft tissue, -600 for lungs
 * @param width Hounsfield units from black to white
 */
public record CtWindow(double level, double width) implements PreprocessingStep {
  public CtWindow {
    if (!Double.isFinite(level) || !(width > 0) || !Double.isFinite(width)) {
      throw new IllegalArgumentException(
          "a window of level " + level + " and width " + width + ": expected a positive width");
    }
  }

  @Override
  public Image apply(Image image) {
    Intensities.requireFinite(image);
    return Intensities.window(image, level - width / 2, level + width / 2);
  }
}
