package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Ncc;

final class NccCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    Shape shape = test.line().shape("shape");
    double offset = test.line().number("offset", 0);
    Input fixed = test.uniform("fixed", shape, offset - 100, offset + 100);
    Input warped = test.uniform("warped", shape, offset - 100, offset + 100);
    double share = test.line().number("share", 0);
    for (int i = 0; i < warped.count(); i++) {
      warped.set(i, (1 - Math.abs(share)) * warped.get(i) + share * fixed.get(i));
    }
    Input mask = test.mask("mask", shape);
    test.spoil(warped);
    boolean wantsGradient = test.line().flag("gradient", true);
    Bound gradientBound = new Bound(2e-7, 1e-12, 1e-6, 0);
    test.run(
        call -> {
          Tensor f = call.tensor(fixed);
          Tensor w = call.tensor(warped);
          Tensor m = call.tensor(mask);
          double value =
              wantsGradient
                  ? Ncc.valueAndGradient(
                      f, w, m, call.output("gradient", test.type(), shape, gradientBound))
                  : Ncc.value(f, w, m);
          call.value("value", Bound.absolute(1e-9), value);
        });
  }
}
