package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Ssd;

final class SsdCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    Shape shape = test.line().shape("shape");
    Input fixed = test.uniform("fixed", shape, -100, 100);
    Input warped = test.spoil(test.uniform("warped", shape, -100, 100));
    Input mask = test.mask("mask", shape);
    boolean wantsGradient = test.line().flag("gradient", true);
    test.run(
        call -> {
          Tensor f = call.tensor(fixed);
          Tensor w = call.tensor(warped);
          Tensor m = call.tensor(mask);
          double value =
              wantsGradient
                  ? Ssd.valueAndGradient(
                      f, w, m, call.output("gradient", test.type(), shape, Bound.relative(4e-7)))
                  : Ssd.value(f, w, m);
          call.value("value", Bound.relative(2e-6), value);
        });
  }
}
