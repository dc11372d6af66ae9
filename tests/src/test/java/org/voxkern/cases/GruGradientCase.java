package org.voxkern.cases;

import org.voxkern.op.Gru;

final class GruGradientCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    boolean linear = test.line().flag("linear", false);
    RecurrentSetup setup = new RecurrentSetup(test, 3, false);
    setup.checkGradient(
        tensors -> Gru.of(setup.recurrence(), linear).apply(tensors),
        tensors -> Gru.of(setup.recurrence(), linear).gradient(tensors));
  }
}
