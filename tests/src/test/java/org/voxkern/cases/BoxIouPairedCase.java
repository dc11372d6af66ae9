package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.BoxIou;

final class BoxIouPairedCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    long n = test.line().integer("n", 1);
    Input a = BoxInputs.boxes(test, "a", n);
    Input b = test.spoil(BoxInputs.boxes(test, "b", n));
    BoxIou.Kind kind = BoxIouCase.kind(test.line().word("kind", "iou"));
    test.run(
        call -> {
          Tensor ta = call.tensor(a);
          Tensor tb = call.tensor(b);
          BoxIou.paired(
              ta, tb, kind, call.output("overlap", test.type(), Shape.of(n), BoxIouCase.BOUND));
        });
  }
}
