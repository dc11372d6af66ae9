package org.voxkern.cases;

import org.voxkern.op.AveragePool;
import org.voxkern.op.PoolWindow;

final class AveragePoolCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    PoolSetup pool = new PoolSetup(test.line());
    String divisor = test.line().word("divisor", "inside");
    double given = test.line().number("given", 0);
    Input input = test.spoil(test.uniform("input", pool.input, -1, 1));
    test.run(
        call ->
            of(pool.window(), divisor, given)
                .apply(
                    call.tensor(input),
                    call.output("output", test.type(), pool.output(), Bound.ofLargest(1e-6))));
  }

  static AveragePool of(PoolWindow window, String divisor, double given) {
    return switch (divisor) {
      case "inside" -> AveragePool.ofInside(window);
      case "padded" -> AveragePool.ofPadded(window);
      case "given" -> AveragePool.dividedBy(window, given);
      default -> throw new IllegalArgumentException("divisor=" + divisor);
    };
  }
}
