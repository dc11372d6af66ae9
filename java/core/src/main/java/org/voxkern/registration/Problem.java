package org.voxkern.registration;

import org.voxkern.Context;
import org.voxkern.Image;

/**
 * What every stage works on: the two pyramids, the intensity ranges, and the bias field found so
 * far.
 *
 * @param fixedImage f32, as given
 * @param movingImage f32, as given
 * @param moving as given; the levels to compare with the fixed ones come from {@code bias}
 * @param levels of the linear stages
 * @param deformableLevels of the deformable stage
 */
record Problem(
    Registration options,
    Image fixedImage,
    Image movingImage,
    Pyramid fixed,
    Pyramid moving,
    BiasCorrection bias,
    Similarity.Range fixedRange,
    Similarity.Range movingRange,
    int levels,
    int deformableLevels) {

  private static final int LINEAR_BINS = 64;
  private static final int DEFORMABLE_BINS = 32;

  Context context() {
    return fixedImage.context();
  }

  /** The measure of the linear stages, and of the whole before and after. */
  Similarity linearSimilarity() {
    return similarity(options.measure, LINEAR_BINS);
  }

  Similarity deformableSimilarity() {
    return similarity(options.deformableMeasure, DEFORMABLE_BINS);
  }

  /** A measure with these bins, unless the options say how many. */
  Similarity similarity(SimilarityMeasure measure, int bins) {
    return Similarity.of(
        measure,
        options.histogramBins > 0 ? options.histogramBins : bins,
        options.lnccRadius,
        fixedRange,
        movingRange);
  }
}
