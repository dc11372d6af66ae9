package org.voxkern.train;

/** A loss or gradients that are not finite: training cannot go on. The weights did not change. */
public final class DivergenceException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final long step;

  DivergenceException(long step, String what) {
    super("step " + step + ": " + what);
    this.step = step;
  }

  /** The number of the step, from 1. */
  public long step() {
    return step;
  }
}
