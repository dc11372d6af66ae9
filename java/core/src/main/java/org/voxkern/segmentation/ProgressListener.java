package org.voxkern.segmentation;

/** Told of progress, on the thread that called the run. Keep it short. */
@FunctionalInterface
public interface ProgressListener {
  /**
   * @param done parts that are finished, counting from 1
   * @param total parts of the whole run
   */
  void onProgress(long done, long total);
}
