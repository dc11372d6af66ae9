package org.voxkern.registration;

/** Told of every iteration, on the thread that called {@link Registration#run}. Keep it short. */
@FunctionalInterface
public interface ProgressListener {
  /**
   * @param stage "rigid", "affine", "deformable", ...
   * @param level pyramid level, counting down to 0, the finest
   * @param iteration counting from 1
   * @param value the similarity measure, in its own sign
   */
  void onIteration(String stage, int level, int iteration, double value);
}
