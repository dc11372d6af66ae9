package org.voxkern.cases;

import org.voxkern.Shape;

/** Where the control grid of an ffd case lies; the counterpart of Grid in ffd_case.cpp. */
final class FfdGrid {
  final double[] origin = new double[3];
  final double[] spacing;
  final Shape dense;
  final Shape controls;

  FfdGrid(CaseLine line) {
    Shape shape = line.shape("shape");
    spacing = line.numbers("spacing", 3, 4);
    double[] margin = line.has("margin") ? line.numbers("margin", 3, 0) : spacing;
    dense = shape.prepend(3);
    long[] needed = {3, 0, 0, 0};
    for (int axis = 0; axis < 3; axis++) {
      origin[axis] = -margin[axis];
      double last = (shape.size(2 - axis) - 1 + margin[axis]) / spacing[axis];
      // A last voxel on a control point needs one point beyond, elsewhere two.
      needed[3 - axis] = Math.max(4, (long) Math.ceil(last - 1e-9) + 2);
    }
    controls = line.has("controls") ? line.shape("controls").prepend(3) : Shape.of(needed);
  }

  /** Coefficients that are an affine function of the control point's indices. */
  static void setAffine(Input coefficients) {
    Shape controls = coefficients.shape();
    for (int i = 0; i < coefficients.count(); i++) {
      long x = i % controls.size(3);
      long y = i / controls.size(3) % controls.size(2);
      long z = i / (controls.size(3) * controls.size(2)) % controls.size(1);
      long c = i / (controls.size(3) * controls.size(2) * controls.size(1));
      coefficients.set(i, 3 + c + x - 0.5 * y + 0.25 * z);
    }
  }
}
