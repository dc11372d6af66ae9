package org.voxkern.segmentation;

import org.voxkern.Image;

/**
 * One step from a scan to what a network takes. Geometry travels with the image, so a step that
 * moves voxels says where they went, and nothing else is needed to come back. Instances are
 * immutable.
 */
@FunctionalInterface
public interface PreprocessingStep {
  /**
   * The image after this step, in the innermost scope, or the image itself where there is nothing
   * to do.
   *
   * @throws IllegalArgumentException if the image is not what the step works on, saying why
   */
  Image apply(Image image);
}
