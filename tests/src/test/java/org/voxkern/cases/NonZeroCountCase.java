package org.voxkern.cases;

import org.voxkern.op.NonZero;

final class NonZeroCountCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    Input input = NonZeroCase.values(test);
    test.run(call -> call.value("count", Bound.exact(), NonZero.count(call.tensor(input))));
  }
}
