package org.voxkern;

import java.util.Arrays;
import java.util.Objects;

/**
 * An affine map of 3D points, p &rarr; A p + t, held in double. The maths behind geometries and
 * linear transforms; which spaces it maps between is said where it is used.
 */
public final class AffineMap {
  private static final AffineMap IDENTITY =
      new AffineMap(new double[] {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0});

  /** Row-major 3 x 4: [A | t]. */
  private final double[] m;

  private AffineMap(double[] rowMajor34) {
    m = rowMajor34;
  }

  public static AffineMap identity() {
    return IDENTITY;
  }

  /** From the twelve numbers of [A | t], row by row. */
  public static AffineMap of(double... rowMajor34) {
    if (rowMajor34.length != 12) {
      throw new IllegalArgumentException("an affine map has 12 numbers, not " + rowMajor34.length);
    }
    return new AffineMap(rowMajor34.clone());
  }

  /** From A (nine numbers, row by row) and t. */
  public static AffineMap of(double[] matrix33, double[] translation) {
    if (matrix33.length != 9 || translation.length != 3) {
      throw new IllegalArgumentException("expected nine numbers of a matrix and three of a vector");
    }
    double[] m = new double[12];
    for (int row = 0; row < 3; row++) {
      System.arraycopy(matrix33, 3 * row, m, 4 * row, 3);
      m[4 * row + 3] = translation[row];
    }
    return new AffineMap(m);
  }

  public static AffineMap translation(double x, double y, double z) {
    return of(1, 0, 0, x, 0, 1, 0, y, 0, 0, 1, z);
  }

  public static AffineMap scale(double x, double y, double z) {
    return of(x, 0, 0, 0, 0, y, 0, 0, 0, 0, z, 0);
  }

  public double[] apply(double... point) {
    double[] result = new double[3];
    for (int row = 0; row < 3; row++) {
      result[row] =
          m[4 * row] * point[0]
              + m[4 * row + 1] * point[1]
              + m[4 * row + 2] * point[2]
              + m[4 * row + 3];
    }
    return result;
  }

  /** A v, without the translation: how the map moves offsets. */
  public double[] applyToVector(double... vector) {
    double[] result = new double[3];
    for (int row = 0; row < 3; row++) {
      result[row] =
          m[4 * row] * vector[0] + m[4 * row + 1] * vector[1] + m[4 * row + 2] * vector[2];
    }
    return result;
  }

  /** The map that applies {@code first} and then this one. */
  public AffineMap after(AffineMap first) {
    double[] result = new double[12];
    for (int row = 0; row < 3; row++) {
      for (int column = 0; column < 4; column++) {
        double sum = column == 3 ? m[4 * row + 3] : 0;
        for (int k = 0; k < 3; k++) {
          sum += m[4 * row + k] * first.m[4 * k + column];
        }
        result[4 * row + column] = sum;
      }
    }
    return new AffineMap(result);
  }

  /**
   * @throws ArithmeticException if the matrix is singular
   */
  public AffineMap inverse() {
    double determinant = determinant();
    if (!(Math.abs(determinant) > 0) || !Double.isFinite(determinant)) {
      throw new ArithmeticException("a singular map has no inverse: " + this);
    }
    double[] r = new double[12];
    for (int i = 0; i < 3; i++) {
      for (int j = 0; j < 3; j++) {
        int a = (j + 1) % 3;
        int b = (j + 2) % 3;
        int c = (i + 1) % 3;
        int d = (i + 2) % 3;
        r[4 * i + j] = (m[4 * a + c] * m[4 * b + d] - m[4 * a + d] * m[4 * b + c]) / determinant;
      }
    }
    for (int i = 0; i < 3; i++) {
      r[4 * i + 3] = -(r[4 * i] * m[3] + r[4 * i + 1] * m[7] + r[4 * i + 2] * m[11]);
    }
    return new AffineMap(r);
  }

  /** det A. */
  public double determinant() {
    return m[0] * (m[5] * m[10] - m[6] * m[9])
        - m[1] * (m[4] * m[10] - m[6] * m[8])
        + m[2] * (m[4] * m[9] - m[5] * m[8]);
  }

  /** A, row by row. */
  public double[] matrix() {
    return new double[] {m[0], m[1], m[2], m[4], m[5], m[6], m[8], m[9], m[10]};
  }

  public double[] translation() {
    return new double[] {m[3], m[7], m[11]};
  }

  /** [A | t], row by row. */
  public double[] toArray() {
    return m.clone();
  }

  public double get(int row, int column) {
    return m[4 * Objects.checkIndex(row, 3) + Objects.checkIndex(column, 4)];
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof AffineMap map && Arrays.equals(m, map.m);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(m);
  }

  @Override
  public String toString() {
    return Arrays.toString(m);
  }
}
