package org.voxkern.registration;

import org.voxkern.AffineMap;
import org.voxkern.transform.Euler3DTransform;
import org.voxkern.transform.LinearTransform;

/** Simpler transforms out of more general ones. */
final class Linear {
  private Linear() {}

  /** What a map does to a point: its motion, mm. */
  static double[] shiftAt(AffineMap map, double[] point) {
    double[] moved = map.apply(point);
    return new double[] {moved[0] - point[0], moved[1] - point[1], moved[2] - point[2]};
  }

  /**
   * The rigid transform nearest to a map: the orthogonal factor of its matrix's polar decomposition
   * (Higham's Newton iteration), with the motion of the centre kept.
   */
  static LinearTransform rigid(AffineMap map, double[] center) {
    AffineMap factor = AffineMap.of(map.matrix(), new double[3]);
    for (int iteration = 0; iteration < 50; iteration++) {
      double[] a = factor.matrix();
      double[] inverse = factor.inverse().matrix();
      double change = 0;
      double[] next = new double[9];
      for (int row = 0; row < 3; row++) {
        for (int column = 0; column < 3; column++) {
          double value = 0.5 * (a[3 * row + column] + inverse[3 * column + row]);
          next[3 * row + column] = value;
          change = Math.max(change, Math.abs(value - a[3 * row + column]));
        }
      }
      factor = AffineMap.of(next, new double[3]);
      if (change < 1e-15) {
        break;
      }
    }
    if (factor.determinant() < 0) {
      throw new IllegalArgumentException(
          "the initial transform mirrors the image; a registration cannot start from it");
    }
    double[] moved = map.apply(center);
    double[] turned = factor.apply(center);
    double[] translation = {moved[0] - turned[0], moved[1] - turned[1], moved[2] - turned[2]};
    return Euler3DTransform.of(AffineMap.of(factor.matrix(), translation), center);
  }
}
