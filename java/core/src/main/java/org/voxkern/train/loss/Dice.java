package org.voxkern.train.loss;

import org.voxkern.graph.Value;
import org.voxkern.op.Reduce;

/**
 * Soft Dice: 1 less the mean over classes (and images) of (2 &Sigma; p t + s) / (&Sigma; p +
 * &Sigma; t + s), p the softmax of the logits, t 1 for the true class and 0 for others, s the
 * smoothing.
 *
 * <p>Logits (N, C, ...), classes (N, ...) i32 or i64; voxels whose class is not 0 to C - 1 do not
 * count. Between 0 and 1. Sources: Milletari et al., "V-Net", 2016 (which squares in the
 * denominator); Isensee et al., "nnU-Net", 2021 (sums over the batch). Instances are immutable.
 */
public final class Dice implements Loss {
  private final double smoothing;
  private final boolean wholeBatch;
  private final boolean background;
  private final boolean squared;

  private Dice(double smoothing, boolean wholeBatch, boolean background, boolean squared) {
    this.smoothing = smoothing;
    this.wholeBatch = wholeBatch;
    this.background = background;
    this.squared = squared;
  }

  /** Smoothing 1e-5, each image by itself, the background, class 0, too. */
  public static Dice create() {
    return new Dice(1e-5, false, true, false);
  }

  /**
   * Added above and below; what an absent class that is not predicted either counts as 1 by.
   *
   * @throws IllegalArgumentException unless positive
   */
  public Dice withSmoothing(double value) {
    if (!(value > 0 && value <= Float.MAX_VALUE)) {
      throw new IllegalArgumentException(
          "dice: a smoothing of " + value + ", expected more than 0");
    }
    return new Dice(value, wholeBatch, background, squared);
  }

  /** Sums over all images together, which is steadier where classes are rare. */
  public Dice overWholeBatch() {
    return new Dice(smoothing, true, background, squared);
  }

  /** Class 0 is left out of the mean. */
  public Dice withoutBackground() {
    return new Dice(smoothing, wholeBatch, false, squared);
  }

  /** Squares p in the denominator, as V-Net does. */
  public Dice squared() {
    return new Dice(smoothing, wholeBatch, background, true);
  }

  @Override
  public Value of(Value logits, Value classes) {
    Value target = Targets.oneHot("dice", logits, classes);
    Value counted = target.reduce(Reduce.Reduction.SUM, true, 1);
    Value probability = logits.softmax(1).multiply(counted);
    int[] axes = Targets.spaceOf(logits, wholeBatch);
    Value predicted = squared ? probability.multiply(probability) : probability;
    Value both = probability.multiply(target).sum(axes).times(2).plus(smoothing);
    Value either = predicted.sum(axes).add(target.sum(axes)).plus(smoothing);
    Value dice = both.divide(either);
    return (background ? dice : dice.slice(-1, 1, Value.END)).mean().times(-1).plus(1);
  }
}
