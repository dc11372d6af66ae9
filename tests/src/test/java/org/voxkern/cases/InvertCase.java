package org.voxkern.cases;

import org.voxkern.AffineMap;
import org.voxkern.Shape;
import org.voxkern.op.Invert;

final class InvertCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    Shape shape = line.shape("shape");
    Shape fieldShape = line.has("field") ? line.shape("field") : shape;
    double amount = line.number("amount", 1);
    Input displacement =
        test.spoil(
            test.smooth(
                "displacement", fieldShape.prepend(3), line.number("cell", 8), -amount, amount));
    AffineMap indexMap = FieldInputs.indexMap(test, shape);
    double[] map = FieldInputs.displacementMap(line);
    int iterations = (int) line.integer("iterations", 60);
    double tolerance = line.number("tolerance", 1e-4);
    Bound bound = new Bound(1e-5, 4 * tolerance, 1e-5, 0);
    test.run(
        call -> {
          Invert.Report report =
              Invert.apply(
                  call.tensor(displacement),
                  indexMap,
                  map,
                  iterations,
                  tolerance,
                  call.output("inverse", test.type(), shape.prepend(3), bound));
          call.value(
              "residuals",
              new Bound(1e-3, 2 * tolerance + 1e-6, 0, 0),
              report.maxResidualMm(),
              report.meanResidualMm());
          call.value("unconverged", Bound.relative(1e-3), report.unconverged());
        });
  }
}
