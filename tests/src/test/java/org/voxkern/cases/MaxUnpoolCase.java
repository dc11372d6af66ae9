package org.voxkern.cases;

import org.voxkern.op.MaxUnpool;

final class MaxUnpoolCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    MaxUnpoolSetup unpool = new MaxUnpoolSetup(test);
    Input input = test.spoil(test.uniform("input", unpool.pooled, -1, 1));
    test.run(
        call ->
            MaxUnpool.apply(
                call.tensor(input),
                call.tensor(unpool.indices),
                call.output("output", test.type(), unpool.unpooled, Bound.exact())));
  }
}
