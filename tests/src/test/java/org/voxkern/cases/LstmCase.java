package org.voxkern.cases;

import org.voxkern.op.Lstm;

final class LstmCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    RecurrentSetup setup = new RecurrentSetup(test, 4, true);
    setup.checkForward(tensors -> Lstm.of(setup.recurrence()).apply(tensors));
  }
}
