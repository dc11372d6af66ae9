package org.voxkern.cases;

import org.voxkern.op.Ffd;

final class FfdCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    FfdGrid grid = new FfdGrid(test.line());
    Input coefficients = test.spoil(test.uniform("coefficients", grid.controls, -10, 10));
    if (test.line().word("input", "random").equals("affine")) {
      FfdGrid.setAffine(coefficients);
    }
    test.run(
        call ->
            Ffd.evaluate(
                call.tensor(coefficients),
                grid.origin,
                grid.spacing,
                call.output("field", test.type(), grid.dense, new Bound(1e-6, 0, 1e-6, 0))));
  }
}
