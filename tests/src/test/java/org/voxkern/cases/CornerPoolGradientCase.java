package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.op.CornerPool;

final class CornerPoolGradientCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    String side = test.line().word("side", "left");
    Shape shape = CornerPoolCase.shape(test.line());
    Input input = CornerPoolCase.input(test, shape);
    Input upstream = test.integers("upstream", shape, -9, 9);
    test.run(
        call ->
            CornerPool.gradient(
                CornerPoolCase.side(side),
                call.tensor(input),
                call.tensor(upstream),
                call.output("gradient", test.type(), shape, Bound.exact())));
  }
}
