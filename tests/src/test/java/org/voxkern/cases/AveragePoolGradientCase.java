package org.voxkern.cases;

final class AveragePoolGradientCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    PoolSetup pool = new PoolSetup(test.line());
    String divisor = test.line().word("divisor", "inside");
    double given = test.line().number("given", 0);
    Input upstream = test.spoil(test.uniform("upstream", pool.output(), -1, 1));
    test.run(
        call ->
            AveragePoolCase.of(pool.window(), divisor, given)
                .gradient(
                    call.tensor(upstream),
                    call.output("gradient", test.type(), pool.input, Bound.ofLargest(1e-6))));
  }
}
