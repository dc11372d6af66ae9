package org.voxkern.cases;

import org.voxkern.op.LpPool;

final class LpPoolCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    PoolSetup pool = new PoolSetup(test.line());
    double p = test.line().number("p", 2);
    Input input = input(test, pool);
    test.run(call -> apply(call, test, pool, p, input));
  }

  static Input input(Case test, PoolSetup pool) {
    Input input = test.uniform("input", pool.input, 0.1, 2);
    Input signs = test.integers("signs", pool.input, 0, 1);
    for (int i = 0; i < input.count(); i++) {
      if (signs.get(i) == 0) {
        input.set(i, -input.get(i));
      }
    }
    return test.spoil(input);
  }

  static void apply(Call call, Case test, PoolSetup pool, double p, Input input) {
    LpPool.apply(
        pool.window(),
        p,
        call.tensor(input),
        call.output("output", test.type(), pool.output(), Bound.relative(4e-6)));
  }
}
