package org.voxkern.cases;

import org.voxkern.Shape;

/** The inputs of the jacobian cases; the counterpart of those in jacobian_case.cpp. */
final class JacobianInputs {
  private JacobianInputs() {}

  static double[] map(CaseLine line) {
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
          map[i] = direction[i] / spacing[i % 3];
        }
        return map;
      case "nan":
        map[4] = Double.NaN;
        return map;
      default:
        throw new IllegalArgumentException("map=" + kind);
    }
  }

  static Input displacement(Case test, Shape field) {
    double amount = test.line().number("amount", 2);
    Input displacement =
        test.smooth("displacement", field, test.line().number("cell", 3), -amount, amount);
    if (test.line().word("field", "smooth").equals("affine")) {
      for (int i = 0; i < displacement.count(); i++) {
        double x = i % field.size(3);
        double y = i / field.size(3) % field.size(2);
        double z = i / (field.size(3) * field.size(2)) % field.size(1);
        long c = i / (field.size(3) * field.size(2) * field.size(1));
        displacement.set(
            i, c == 0 ? 0.125 * x - 0.25 * y : c == 1 ? 0.375 * z : 0.5 * x - 0.25 * z);
      }
    }
    return test.spoil(displacement);
  }
}
