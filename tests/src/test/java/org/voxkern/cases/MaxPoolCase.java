package org.voxkern.cases;

import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.op.MaxPool;

final class MaxPoolCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    PoolSetup pool = new PoolSetup(test.line());
    Input input = input(test, pool);
    boolean wantsIndices = test.line().flag("indices", false);
    test.run(call -> apply(call, test, pool, input, wantsIndices));
  }

  static Input input(Case test, PoolSetup pool) {
    CaseLine line = test.line();
    if (line.flag("ties", false)) {
      return test.spoil(test.integers("input", pool.input, -2, 2));
    }
    Input input = test.uniform("input", pool.input, -1, 1);
    if (line.flag("distinct", false)) {
      for (int i = 0; i < input.count(); i++) {
        input.set(i, i * 7919 % input.count());
      }
    }
    return test.spoil(input);
  }

  static void apply(Call call, Case test, PoolSetup pool, Input input, boolean wantsIndices) {
    Shape output = pool.output();
    MaxPool.apply(
        pool.window(),
        call.tensor(input),
        call.output("output", test.type(), output, Bound.exact()),
        wantsIndices ? call.output("indices", ElementType.I64, output, Bound.exact()) : null);
  }
}
