package org.voxkern.cases;

import org.voxkern.op.ConvLstm;

final class ConvLstmCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    ConvLstmSetup setup = new ConvLstmSetup(test);
    test.run(
        call ->
            ConvLstm.apply(
                call.tensor(setup.gates),
                call.tensor(setup.cell),
                call.tensor(setup.peepholes),
                call.output("new_cell", test.type(), setup.cells, Bound.absolute(2e-6)),
                call.output("hidden", test.type(), setup.cells, Bound.absolute(2e-6))));
  }
}
