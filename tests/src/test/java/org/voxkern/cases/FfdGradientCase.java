package org.voxkern.cases;

import org.voxkern.op.Ffd;

final class FfdGradientCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    FfdGrid grid = new FfdGrid(test.line());
    Input byField = test.spoil(test.uniform("field_gradient", grid.dense, -1, 1));
    Bound bound = new Bound(1e-6, 0, 2e-6, 0);
    test.run(
        call ->
            Ffd.gradient(
                call.tensor(byField),
                grid.origin,
                grid.spacing,
                call.output("coefficient_gradient", test.type(), grid.controls, bound)));
  }
}
