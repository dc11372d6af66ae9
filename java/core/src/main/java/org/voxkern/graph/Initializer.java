package org.voxkern.graph;

import java.util.Arrays;
import java.util.SplittableRandom;

/** First values of a parameter. Instances are immutable. */
public abstract class Initializer {
  private Initializer() {}

  /** The same values for the same seed. */
  abstract float[] values(int count, long seed);

  public static Initializer constant(double value) {
    return new Initializer() {
      @Override
      float[] values(int count, long seed) {
        float[] values = new float[count];
        Arrays.fill(values, (float) value);
        return values;
      }
    };
  }

  /** Uniform in [-bound, bound). */
  public static Initializer uniform(double bound) {
    return new Initializer() {
      @Override
      float[] values(int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
          values[i] = (float) (bound * (2 * random.nextDouble() - 1));
        }
        return values;
      }
    };
  }

  /**
   * Uniform within 1 / sqrt(fanIn): what PyTorch gives the weights and biases of its convolutions
   * and linear layers, which is He's with the slope sqrt(5).
   */
  public static Initializer fanIn(long fanIn) {
    return uniform(fanIn == 0 ? 0 : 1 / Math.sqrt(fanIn));
  }
}
