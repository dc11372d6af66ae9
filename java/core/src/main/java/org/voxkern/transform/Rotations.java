package org.voxkern.transform;

import java.util.Arrays;
import org.voxkern.AffineMap;

/** Rotation matrices, nine numbers row by row: from angles, from unit quaternions, and back. */
final class Rotations {
  /** A matrix passes as a rotation when R R' differs from the identity by no more than this. */
  private static final double TOLERANCE = 1e-6;

  /** Vector parts longer than 1 minus this are shortened. */
  private static final double VERSOR_MARGIN = 1e-10;

  private Rotations() {}

  static double[] aboutAxis(int axis, double angle) {
    double[] r = turn(axis, Math.cos(angle), Math.sin(angle));
    r[4 * axis] = 1;
    return r;
  }

  /** Derivative of {@link #aboutAxis} with respect to the angle. */
  static double[] aboutAxisDerivative(int axis, double angle) {
    return turn(axis, -Math.sin(angle), Math.cos(angle));
  }

  private static double[] turn(int axis, double diagonal, double offDiagonal) {
    int u = (axis + 1) % 3;
    int v = (axis + 2) % 3;
    double[] r = new double[9];
    r[4 * u] = diagonal;
    r[4 * v] = diagonal;
    r[3 * u + v] = -offDiagonal;
    r[3 * v + u] = offDiagonal;
    return r;
  }

  static double[] multiply(double[] a, double[] b) {
    double[] product = new double[9];
    for (int row = 0; row < 3; row++) {
      for (int column = 0; column < 3; column++) {
        for (int k = 0; k < 3; k++) {
          product[3 * row + column] += a[3 * row + k] * b[3 * k + column];
        }
      }
    }
    return product;
  }

  static double[] scaled(double[] matrix, double factor) {
    double[] result = matrix.clone();
    for (int i = 0; i < 9; i++) {
      result[i] *= factor;
    }
    return result;
  }

  /** The scalar part of the unit quaternion with this vector part. */
  private static double scalarPart(double[] v) {
    return Math.sqrt(Math.max(0, 1 - v[0] * v[0] - v[1] * v[1] - v[2] * v[2]));
  }

  /** Brings the first three numbers to a length below 1, in place. */
  static void shortenVersor(double[] v) {
    double norm = Math.sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
    if (norm >= 1 - VERSOR_MARGIN) {
      for (int i = 0; i < 3; i++) {
        v[i] /= norm * (1 + VERSOR_MARGIN);
      }
    }
  }

  /** The rotation of a unit quaternion, given by its vector part (the first three numbers). */
  static double[] ofVersor(double[] v) {
    double w = scalarPart(v);
    double x = v[0];
    double y = v[1];
    double z = v[2];
    return new double[] {
      1 - 2 * (y * y + z * z),
      2 * (x * y - z * w),
      2 * (x * z + y * w),
      2 * (x * y + z * w),
      1 - 2 * (x * x + z * z),
      2 * (y * z - x * w),
      2 * (x * z - y * w),
      2 * (y * z + x * w),
      1 - 2 * (x * x + y * y)
    };
  }

  /** Derivative of {@link #ofVersor} with respect to one number of the vector part. */
  static double[] versorDerivative(double[] v, int parameter) {
    double w = scalarPart(v);
    double[] d = new double[3];
    d[parameter] = 1;
    double dw = -v[parameter] / w;
    double x = v[0];
    double y = v[1];
    double z = v[2];
    double xx = 2 * x * d[0];
    double yy = 2 * y * d[1];
    double zz = 2 * z * d[2];
    double xy = d[0] * y + x * d[1];
    double xz = d[0] * z + x * d[2];
    double yz = d[1] * z + y * d[2];
    double xw = d[0] * w + x * dw;
    double yw = d[1] * w + y * dw;
    double zw = d[2] * w + z * dw;
    return new double[] {
      -2 * (yy + zz), 2 * (xy - zw), 2 * (xz + yw),
      2 * (xy + zw), -2 * (xx + zz), 2 * (yz - xw),
      2 * (xz - yw), 2 * (yz + xw), -2 * (xx + yy)
    };
  }

  /** Vector part of the unit quaternion, of non-negative scalar part, of a rotation. */
  static double[] toVersor(double[] r) {
    // Of the four ways to find the quaternion, the one that starts from its largest component
    // divides by no small number.
    double[] squares = {
      1 + r[0] - r[4] - r[8], 1 - r[0] + r[4] - r[8], 1 - r[0] - r[4] + r[8], 1 + r[0] + r[4] + r[8]
    };
    int largest = 0;
    for (int i = 1; i < 4; i++) {
      if (squares[i] > squares[largest]) {
        largest = i;
      }
    }
    double xy = r[1] + r[3];
    double xz = r[2] + r[6];
    double yz = r[5] + r[7];
    double xw = r[7] - r[5];
    double yw = r[2] - r[6];
    double zw = r[3] - r[1];
    double[] q =
        switch (largest) {
          case 0 -> new double[] {squares[0], xy, xz, xw};
          case 1 -> new double[] {xy, squares[1], yz, yw};
          case 2 -> new double[] {xz, yz, squares[2], zw};
          default -> new double[] {xw, yw, zw, squares[3]};
        };
    double norm = Math.sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
    double scale = q[3] < 0 ? -1 / norm : 1 / norm;
    return new double[] {q[0] * scale, q[1] * scale, q[2] * scale};
  }

  /** The inverse of a rotation and an offset, by the transpose. */
  static AffineMap inverseOfRigid(AffineMap map) {
    double[] r = map.matrix();
    double[] o = map.translation();
    double[] transpose = {r[0], r[3], r[6], r[1], r[4], r[7], r[2], r[5], r[8]};
    double[] offset = AffineMap.of(transpose, new double[3]).apply(o);
    return AffineMap.of(transpose, new double[] {-offset[0], -offset[1], -offset[2]});
  }

  static double[] requireRotation(double[] r) {
    double worst = 0;
    for (int i = 0; i < 3; i++) {
      for (int j = 0; j < 3; j++) {
        double dot = 0;
        for (int k = 0; k < 3; k++) {
          dot += r[3 * i + k] * r[3 * j + k];
        }
        worst = Math.max(worst, Math.abs(dot - (i == j ? 1 : 0)));
      }
    }
    double determinant = AffineMap.of(r, new double[3]).determinant();
    if (!(worst <= TOLERANCE) || !(determinant > 0)) {
      throw new IllegalArgumentException(
          "not a rotation: "
              + Arrays.toString(r)
              + ", expected orthonormal rows and determinant 1, not "
              + determinant);
    }
    return r;
  }
}
