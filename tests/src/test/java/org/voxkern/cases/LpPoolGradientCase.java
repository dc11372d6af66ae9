package org.voxkern.cases;

import org.voxkern.op.LpPool;

final class LpPoolGradientCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    PoolSetup pool = new PoolSetup(line);
    double p = line.number("p", 2);
    Input input = LpPoolCase.input(test, pool);
    Input output = test.input("output", test.type(), pool.output());
    if (!line.has("expect")) {
      double[] pooled =
          test.reference(call -> LpPoolCase.apply(call, test, pool, p, input)).result("output");
      for (int i = 0; i < pooled.length; i++) {
        output.set(i, pooled[i]);
      }
    }
    Input upstream = test.uniform("upstream", pool.output(), -1, 1);
    test.run(
        call ->
            LpPool.gradient(
                pool.window(),
                p,
                call.tensor(input),
                call.tensor(output),
                call.tensor(upstream),
                call.output("gradient", test.type(), pool.input, Bound.ofLargest(4e-6))));
  }
}
