package org.voxkern.segmentation;

import java.util.Arrays;

/** Where windows lie along one axis, and how much each voxel of them counts. */
final class WindowGrid {
  /** Standard deviation of the Gaussian, in windows. */
  private static final double DEVIATION = 1.0 / 8;

  private final long[] starts;
  private final float[] importance;
  private final float[] inverseSum;

  /**
   * As few windows as overlap by the given part or more, spread evenly from the first voxel to the
   * last.
   */
  WindowGrid(long size, long patch, double overlap, boolean gaussian) {
    double step = Math.max(1, patch * (1 - overlap));
    int count = size <= patch ? 1 : (int) Math.ceil((size - patch) / step) + 1;
    starts = new long[count];
    for (int i = 1; i < count; i++) {
      starts[i] = Math.round((double) i * (size - patch) / (count - 1));
    }
    importance = new float[(int) patch];
    Arrays.fill(importance, 1);
    for (int i = 0; i < patch && gaussian && count > 1; i++) {
      double distance = (i - (patch - 1) / 2.0) / (patch * DEVIATION);
      importance[i] = (float) Math.exp(-0.5 * distance * distance);
    }
    double[] sum = new double[(int) size];
    for (long start : starts) {
      for (int i = 0; i < patch; i++) {
        sum[(int) start + i] += importance[i];
      }
    }
    inverseSum = new float[(int) size];
    for (int i = 0; i < size; i++) {
      inverseSum[i] = (float) (1 / sum[i]);
    }
  }

  long[] starts() {
    return starts;
  }

  /** Of each voxel of a window. */
  float[] importance() {
    return importance;
  }

  /** 1 / sum of the importance over all windows, of each voxel of the axis. */
  float[] inverseSum() {
    return inverseSum;
  }
}
