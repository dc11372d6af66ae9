package org.voxkern.train;

/**
 * The learning rate of each step, the first being 0. Beyond its end a schedule stays at its last
 * value.
 */
@FunctionalInterface
public interface LearningRate {
  double at(long step);

  /**
   * @throws IllegalArgumentException unless the rate is positive
   */
  static LearningRate constant(double rate) {
    Settings.positive("a learning rate", rate);
    return step -> rate;
  }

  /**
   * initial (1 - step / steps)<sup>power</sup>, 0 from {@code steps} on. nnU-Net has power 0.9.
   *
   * @throws IllegalArgumentException unless all are positive
   */
  static LearningRate poly(double initial, long steps, double power) {
    Settings.positive("a learning rate", initial);
    Settings.positive("a number of steps", steps);
    Settings.positive("a power", power);
    return step -> initial * Math.pow(1 - Math.min(1, (double) step / steps), power);
  }

  /**
   * From initial to least along half a cosine: least + (initial - least) (1 + cos(&pi; step /
   * steps)) / 2. Source: Loshchilov, Hutter, "SGDR", 2017, without restarts.
   *
   * @throws IllegalArgumentException unless 0 &le; least &le; initial, and steps are positive
   */
  static LearningRate cosine(double initial, double least, long steps) {
    Settings.positive("a learning rate", initial);
    Settings.positive("a number of steps", steps);
    if (!(least >= 0 && least <= initial)) {
      throw new IllegalArgumentException(
          "a least learning rate of " + least + ", expected 0 to " + initial);
    }
    return step -> {
      double done = Math.min(1, (double) step / steps);
      return least + (initial - least) * (1 + Math.cos(Math.PI * done)) / 2;
    };
  }

  /**
   * initial factor<sup>k</sup>, k whole times {@code every} steps done.
   *
   * @throws IllegalArgumentException unless all are positive and the factor at most 1
   */
  static LearningRate step(double initial, long every, double factor) {
    Settings.positive("a learning rate", initial);
    Settings.positive("a number of steps", every);
    if (!(factor > 0 && factor <= 1)) {
      throw new IllegalArgumentException("a factor of " + factor + ", expected 0 to 1");
    }
    return step -> initial * Math.pow(factor, step / every);
  }

  /**
   * Before this schedule, which then begins, the rate rises in equal parts to its first value: its
   * first value times (step + 1) / steps. Source: Goyal et al., "Accurate, Large Minibatch SGD",
   * 2017.
   *
   * @throws IllegalArgumentException if the number is negative
   */
  default LearningRate afterWarmUp(long steps) {
    if (steps < 0) {
      throw new IllegalArgumentException("a warm-up of " + steps + " steps, expected 0 or more");
    }
    return step -> step < steps ? at(0) * (step + 1) / steps : at(step - steps);
  }

  /**
   * This for some steps, then another from its beginning.
   *
   * @throws IllegalArgumentException if the number is negative
   */
  default LearningRate then(long steps, LearningRate next) {
    if (steps < 0) {
      throw new IllegalArgumentException("a part of " + steps + " steps, expected 0 or more");
    }
    return step -> step < steps ? at(step) : next.at(step - steps);
  }
}
