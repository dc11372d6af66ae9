package org.voxkern.registration;

import java.util.ArrayList;
import java.util.List;
import org.voxkern.AffineMap;
import org.voxkern.op.Statistics;

/**
 * Centre of mass and principal axes of an image in physical space.
 *
 * @param center mm LPS
 * @param axes unit vectors as columns, row by row, by falling variance
 */
record Moments(double[] center, double[] axes) {

  static Moments of(Statistics.Result statistics, AffineMap indexToPhysical) {
    double[] center = indexToPhysical.apply(statistics.centerOfMass());
    double[] a = indexToPhysical.matrix();
    double[] c = statistics.secondMoments();
    // Covariance in mm: A C A'.
    double[] covariance = multiply(multiply(a, c), transposed(a));
    return new Moments(center, eigenvectors(covariance));
  }

  /** Rotations that take the axes of {@code from} to these; axes have no sign, so four fit. */
  List<double[]> rotationsFrom(Moments from) {
    List<double[]> rotations = new ArrayList<>();
    for (int signs = 0; signs < 8; signs++) {
      double[] flipped = axes.clone();
      for (int column = 0; column < 3; column++) {
        if ((signs >> column & 1) != 0) {
          for (int row = 0; row < 3; row++) {
            flipped[3 * row + column] = -flipped[3 * row + column];
          }
        }
      }
      double[] rotation = multiply(flipped, transposed(from.axes));
      if (AffineMap.of(rotation, new double[3]).determinant() > 0) {
        rotations.add(rotation);
      }
    }
    return rotations;
  }

  private static double[] multiply(double[] a, double[] b) {
    double[] result = new double[9];
    for (int row = 0; row < 3; row++) {
      for (int column = 0; column < 3; column++) {
        for (int k = 0; k < 3; k++) {
          result[3 * row + column] += a[3 * row + k] * b[3 * k + column];
        }
      }
    }
    return result;
  }

  private static double[] transposed(double[] a) {
    return new double[] {a[0], a[3], a[6], a[1], a[4], a[7], a[2], a[5], a[8]};
  }

  /** Cyclic Jacobi of a symmetric matrix. */
  private static double[] eigenvectors(double[] symmetric) {
    double[] m = symmetric.clone();
    double[] v = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    for (int sweep = 0; sweep < 30; sweep++) {
      for (int p = 0; p < 2; p++) {
        for (int q = p + 1; q < 3; q++) {
          double off = m[3 * p + q];
          if (Math.abs(off) < 1e-300) {
            continue;
          }
          double theta = 0.5 * Math.atan2(2 * off, m[4 * p] - m[4 * q]);
          double[] rotation = {1, 0, 0, 0, 1, 0, 0, 0, 1};
          rotation[4 * p] = Math.cos(theta);
          rotation[4 * q] = Math.cos(theta);
          rotation[3 * p + q] = -Math.sin(theta);
          rotation[3 * q + p] = Math.sin(theta);
          m = multiply(multiply(transposed(rotation), m), rotation);
          v = multiply(v, rotation);
        }
      }
    }
    Integer[] order = {0, 1, 2};
    double[] eigenvalues = {m[0], m[4], m[8]};
    java.util.Arrays.sort(order, (i, j) -> Double.compare(eigenvalues[j], eigenvalues[i]));
    double[] sorted = new double[9];
    for (int column = 0; column < 3; column++) {
      for (int row = 0; row < 3; row++) {
        sorted[3 * row + column] = v[3 * row + order[column]];
      }
    }
    return sorted;
  }
}
