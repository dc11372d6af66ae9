package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.BoxIou;

final class BoxIouGradientCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    long n = test.line().integer("n", 1);
    Input a = BoxInputs.boxes(test, "a", n);
    Input b = test.spoil(BoxInputs.boxes(test, "b", n));
    Input weights = test.uniform("gradient_overlap", Shape.of(n), -1, 1);
    BoxIou.Kind kind = BoxIouCase.kind(test.line().word("kind", "iou"));
    boolean onlyB = test.line().flag("only_b", false);
    Bound bound = Bound.relative(1e-6);
    test.run(
        call -> {
          Tensor ta = call.tensor(a);
          Tensor tb = call.tensor(b);
          Tensor from = call.tensor(weights);
          Tensor toA = onlyB ? null : call.output("gradient_a", test.type(), a.shape(), bound);
          Tensor toB = call.output("gradient_b", test.type(), b.shape(), bound);
          BoxIou.gradient(ta, tb, kind, from, toA, toB);
        });
  }
}
