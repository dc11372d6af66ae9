package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Jacobian;

final class JacobianPenaltyCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    Shape shape = test.line().shape("shape");
    Shape field = shape.prepend(3);
    Input displacement = JacobianInputs.displacement(test, field);
    Input mask = test.mask("mask", shape);
    double[] map = JacobianInputs.map(test.line());
    double least = test.line().number("least", 0.2);
    boolean wantsGradient = test.line().flag("gradient", true);
    test.run(
        call -> {
          Tensor gradient =
              wantsGradient
                  ? call.output("gradient", test.type(), field, new Bound(1e-5, 0, 2e-6, 0))
                  : null;
          call.value(
              "value",
              new Bound(1e-5, 1e-9, 0, 0),
              Jacobian.penalty(call.tensor(displacement), map, least, call.tensor(mask), gradient));
        });
  }
}
