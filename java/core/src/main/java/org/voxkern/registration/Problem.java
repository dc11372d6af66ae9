package org.voxkern.registration;

import org.voxkern.Context;
import org.voxkern.Image;

/**
 * What every stage works on: the two pyramids and the intensity ranges.
 *
 * @param fixedImage f32, as given
 * @param movingImage f32, as given
 * @param levels of the linear stages
 * @param deformableLevels of the deformable stage
 */
record Problem(
    Registration options,
    Image fixedImage,
    Image movingImage,
    Pyramid fixed,
    Pyramid moving,
    Similarity.Range fixedRange,
    Similarity.Range movingRange,
    int levels,
    int deformableLevels) {

  Context context() {
    return fixedImage.context();
  }

  Similarity similarity(SimilarityMeasure measure) {
    return Similarity.of(measure, options, fixedRange, movingRange);
  }
}
