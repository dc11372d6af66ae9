package org.voxkern.cases;

import org.voxkern.op.Lstm;

final class LstmGradientCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    RecurrentSetup setup = new RecurrentSetup(test, 4, true);
    setup.checkGradient(
        tensors -> Lstm.of(setup.recurrence()).apply(tensors),
        tensors -> Lstm.of(setup.recurrence()).gradient(tensors));
  }
}
