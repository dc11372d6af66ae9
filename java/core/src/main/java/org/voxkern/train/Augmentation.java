package org.voxkern.train;

import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * How patches are varied at random: each axis flipped or not; in each channel values v become (1 +
 * a) v + b + noise, a and b uniform within their bounds, the noise normal. Instances are immutable.
 */
public final class Augmentation {
  private final int[] flips;
  private final double scale;
  private final double shift;
  private final double noise;

  private Augmentation(int[] flips, double scale, double shift, double noise) {
    this.flips = flips;
    this.scale = scale;
    this.shift = shift;
    this.noise = noise;
  }

  public static Augmentation none() {
    return new Augmentation(new int[0], 0, 0, 0);
  }

  /**
   * With the axes that are flipped for every second patch: 0, 1, 2 for z, y, x.
   *
   * @throws IllegalArgumentException if one is another number, or there twice
   */
  public Augmentation withFlips(int... axes) {
    boolean fits =
        Arrays.stream(axes).allMatch(axis -> axis >= 0 && axis < 3)
            && Arrays.stream(axes).distinct().count() == axes.length;
    if (!fits) {
      throw new IllegalArgumentException(
          "flips along axes " + Arrays.toString(axes) + ", expected different ones of 0, 1, 2");
    }
    return new Augmentation(axes.clone(), scale, shift, noise);
  }

  /**
   * @param largestScale bound of a, below 1
   * @param largestShift bound of b
   * @param deviation of the noise
   * @throws IllegalArgumentException if a number is negative, or the scale not below 1
   */
  public Augmentation withIntensities(double largestScale, double largestShift, double deviation) {
    return new Augmentation(
        flips,
        Settings.belowOne("a change of scale", largestScale),
        Settings.atLeast("a shift", largestShift, 0),
        Settings.atLeast("a noise", deviation, 0));
  }

  /** For z, y and x whether a patch is flipped. */
  boolean[] drawFlips(RandomGenerator random) {
    boolean[] flipped = new boolean[3];
    for (int axis : flips) {
      flipped[axis] = random.nextBoolean();
    }
    return flipped;
  }

  /** Changes the values of a channel of a patch. */
  void changeIntensities(float[] values, int from, int to, RandomGenerator random) {
    if (scale == 0 && shift == 0 && noise == 0) {
      return;
    }
    double factor = 1 + scale * (2 * random.nextDouble() - 1);
    double offset = shift * (2 * random.nextDouble() - 1);
    for (int i = from; i < to; i++) {
      double own = noise == 0 ? 0 : noise * random.nextGaussian();
      values[i] = (float) (factor * values[i] + offset + own);
    }
  }
}
