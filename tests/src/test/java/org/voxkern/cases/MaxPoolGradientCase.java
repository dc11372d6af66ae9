package org.voxkern.cases;

import org.voxkern.ElementType;
import org.voxkern.op.MaxPool;

final class MaxPoolGradientCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    PoolSetup pool = new PoolSetup(line);
    Input input = MaxPoolCase.input(test, pool);
    Input upstream = test.integers("upstream", pool.output(), -9, 9);
    Input indices = null;
    if (line.flag("indices", false)) {
      indices = test.input("indices", ElementType.I64, pool.output());
      if (!line.has("expect")) {
        double[] found =
            test.reference(call -> MaxPoolCase.apply(call, test, pool, input, true))
                .result("indices");
        for (int i = 0; i < found.length; i++) {
          indices.set(i, found[i]);
        }
      }
    }
    Input at = indices;
    boolean givesInput = line.flag("input", at == null);
    test.run(
        call ->
            MaxPool.gradient(
                pool.window(),
                givesInput ? call.tensor(input) : null,
                call.tensor(at),
                call.tensor(upstream),
                call.output("gradient", test.type(), pool.input, Bound.exact())));
  }
}
