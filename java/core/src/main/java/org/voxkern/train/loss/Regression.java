package org.voxkern.train.loss;

import org.voxkern.graph.Value;
import org.voxkern.op.Binary;
import org.voxkern.op.Reduce;
import org.voxkern.op.Unary;

/** Means of a function of the differences d of prediction and target, which are alike. */
public final class Regression {
  private Regression() {}

  /** The mean of d&sup2;; the sum of squared differences of images, by their number. */
  public static Loss meanSquare() {
    return (prediction, target) -> {
      Targets.requireAlike("mean square", prediction, target);
      Value difference = prediction.subtract(target);
      return difference
          .reduce(Reduce.Reduction.SUM_SQUARE, false)
          .divide(difference.elementCount());
    };
  }

  /** The mean of |d|. */
  public static Loss meanAbsolute() {
    return (prediction, target) -> {
      Targets.requireAlike("mean absolute", prediction, target);
      Value difference = prediction.subtract(target);
      return difference.reduce(Reduce.Reduction.L1, false).divide(difference.elementCount());
    };
  }

  /**
   * The mean of d&sup2; / (2 &beta;) where |d| is below &beta; and |d| - &beta; / 2 elsewhere.
   * Source: Girshick, "Fast R-CNN", 2015.
   *
   * @throws IllegalArgumentException unless beta is positive
   */
  public static Loss smoothAbsolute(double beta) {
    if (!(beta > 0 && beta <= Float.MAX_VALUE)) {
      throw new IllegalArgumentException("smooth L1: beta " + beta + ", expected more than 0");
    }
    return (prediction, target) -> {
      Targets.requireAlike("smooth L1", prediction, target);
      Value size = prediction.subtract(target).unary(Unary.Function.ABSOLUTE);
      Value bound = size.builder().constant(new float[] {(float) beta}).cast(size.type());
      // With m = min(|d|, beta) both cases are m^2 / (2 beta) + |d| - m.
      Value inner = size.binary(Binary.Function.MIN, bound);
      return inner.multiply(inner).times(0.5 / beta).add(size.subtract(inner)).mean();
    };
  }
}
