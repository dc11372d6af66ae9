package org.voxkern.cases;

import org.voxkern.op.Gru;

final class GruCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    boolean linear = test.line().flag("linear", false);
    RecurrentSetup setup = new RecurrentSetup(test, 3, false);
    setup.checkForward(tensors -> Gru.of(setup.recurrence(), linear).apply(tensors));
  }
}
