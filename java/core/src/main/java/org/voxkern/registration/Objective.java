package org.voxkern.registration;

/** A function to minimise, with its gradient. */
@FunctionalInterface
interface Objective {
  /** Value at {@code x}; writes the gradient there. NaN and infinity count as no descent. */
  double evaluate(double[] x, double[] gradient);
}
