package org.voxkern.cases;

import org.voxkern.op.MaxUnpool;

final class MaxUnpoolGradientCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    MaxUnpoolSetup unpool = new MaxUnpoolSetup(test);
    Input upstream = test.spoil(test.uniform("upstream", unpool.unpooled, -1, 1));
    test.run(
        call ->
            MaxUnpool.gradient(
                call.tensor(unpool.indices),
                call.tensor(upstream),
                call.output("gradient", test.type(), unpool.pooled, Bound.exact())));
  }
}
