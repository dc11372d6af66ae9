package org.voxkern.cases;

import java.util.Locale;
import org.voxkern.Tensor;
import org.voxkern.op.BoxIou;

final class BoxIouCase implements CaseAdapter {
  static final Bound BOUND = Bound.absolute(1e-6);

  @Override
  public void run(Case test) {
    Input a = BoxInputs.boxes(test, "a", test.line().integer("n", 1));
    Input b = test.spoil(BoxInputs.boxes(test, "b", test.line().integer("m", 1)));
    String kind = test.line().word("kind", "iou");
    test.run(
        call -> {
          Tensor ta = call.tensor(a);
          Tensor tb = call.tensor(b);
          BoxIou.pairwise(
              ta,
              tb,
              kind(kind),
              call.output("overlap", test.type(), BoxIou.outputShape(a.shape(), b.shape()), BOUND));
        });
  }

  static BoxIou.Kind kind(String name) {
    return BoxIou.Kind.valueOf(name.toUpperCase(Locale.ROOT));
  }
}
