package org.voxkern.transform;

/**
 * Maps points of fixed space to points of moving space, both physical, mm LPS.
 *
 * <p>Implementations are immutable and safe for use by several threads.
 */
public interface Transform {
  /**
   * Where a point goes.
   *
   * @param point x, y, z in mm LPS
   * @return a new array of three
   */
  double[] apply(double... point);

  /** Where each of several points goes. */
  default double[][] applyAll(double[][] points) {
    double[][] mapped = new double[points.length][];
    for (int i = 0; i < points.length; i++) {
      mapped[i] = apply(points[i]);
    }
    return mapped;
  }
}
