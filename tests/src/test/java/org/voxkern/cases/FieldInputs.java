package org.voxkern.cases;

import org.voxkern.AffineMap;
import org.voxkern.Shape;

/** What the cases of compose, exponential and invert share; the counterpart of field_case.h. */
final class FieldInputs {
  private FieldInputs() {}

  static double[] displacementMap(CaseLine line) {
    double[] map = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    double[] spacing = {1, 1.25, 2.5};
    String kind = line.word("map", "identity");
    switch (kind) {
      case "identity":
        return map;
      case "anisotropic":
        for (int axis = 0; axis < 3; axis++) {
          map[4 * axis] = 1 / spacing[axis];
        }
        return map;
      case "oblique":
        double c = Math.cos(0.3);
        double s = Math.sin(0.3);
        double e = Math.cos(-0.5);
        double f = Math.sin(-0.5);
        double[] direction = {c, -s * e, s * f, s, c * e, -c * f, 0, f, e};
        for (int i = 0; i < 9; i++) {
          map[i] = direction[3 * (i % 3) + i / 3] / spacing[i / 3];
        }
        return map;
      case "nan":
        map[4] = Double.NaN;
        return map;
      default:
        throw new IllegalArgumentException("map=" + kind);
    }
  }

  static AffineMap indexMap(Case test, Shape shape) {
    boolean affine = test.line().flag("affine", false);
    return AffineMap.of(test.affine("index_map", shape, affine ? 0.1 : 0, affine ? 1.5 : 0));
  }
}
