package org.voxkern.train;

import java.nio.file.Path;

/** Hears how a training goes on, on the thread that trains. */
@FunctionalInterface
public interface TrainingListener {
  void onStep(TrainingStep step);

  /**
   * @param best whether it is the lowest so far
   */
  default void onValidation(long step, double score, boolean best) {}

  default void onCheckpoint(long step, Path file) {}
}
