package org.voxkern.registration;

import org.voxkern.Tensor;
import org.voxkern.op.Lncc;
import org.voxkern.op.MutualInformation;
import org.voxkern.op.Ncc;
import org.voxkern.op.Ssd;

/** A similarity measure on sampled values, with its gradient with respect to the warped ones. */
@FunctionalInterface
interface Similarity {
  /**
   * @param mask u8, non-zero where a value counts; null when all do
   * @param gradient written with d measure / d warped unless null
   * @return the measure, in its own sign
   */
  double measure(Tensor fixed, Tensor warped, Tensor mask, Tensor gradient);

  /** Intensities between which a histogram's bins lie. */
  record Range(double low, double high) {}

  static Similarity of(
      SimilarityMeasure measure, int bins, int lnccRadius, Range fixedRange, Range movingRange) {
    switch (measure) {
      case MATTES_MI:
      case NMI:
        MutualInformation.Parameters histogram =
            new MutualInformation.Parameters(
                measure == SimilarityMeasure.NMI
                    ? MutualInformation.Measure.NORMALIZED
                    : MutualInformation.Measure.MATTES,
                bins,
                fixedRange.low,
                fixedRange.high,
                movingRange.low,
                movingRange.high);
        return (fixed, warped, mask, gradient) ->
            MutualInformation.valueAndGradient(fixed, warped, mask, histogram, gradient);
      case NCC:
        return Ncc::valueAndGradient;
      case LNCC:
        int[] window = {lnccRadius, lnccRadius, lnccRadius};
        return (fixed, warped, mask, gradient) ->
            Lncc.valueAndGradient(fixed, warped, mask, window, gradient);
      case SSD:
        return Ssd::valueAndGradient;
      default:
        throw new AssertionError(measure);
    }
  }
}
