package org.voxkern.cases;

import org.voxkern.Shape;

/** Inputs of conv_lstm, forward and back. */
final class ConvLstmSetup {
  final Shape cells;
  final Input gates;
  final Input cell;

  /** Null for none. */
  final Input peepholes;

  ConvLstmSetup(Case test) {
    CaseLine line = test.line();
    Shape shape = line.shape("shape");
    long n = line.integer("n", 1);
    long c = line.integer("c", 1);
    cells = sized(n, c, shape);
    gates = test.spoil(test.uniform("gates", sized(n, 4 * c, shape), -3, 3));
    cell = test.uniform("cell", cells, -1, 1);
    peepholes =
        line.flag("peepholes", false) ? test.uniform("peepholes", sized(3, c, shape), -1, 1) : null;
  }

  private static Shape sized(long n, long c, Shape shape) {
    return Shape.of(n, c, shape.size(0), shape.size(1), shape.size(2));
  }
}
