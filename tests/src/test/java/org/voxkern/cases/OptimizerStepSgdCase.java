package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.OptimizerStep;

final class OptimizerStepSgdCase implements CaseAdapter {
  static final Bound BOUND = new Bound(2e-7, 0, 3e-7, 0);

  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    Shape shape = line.shape("shape");
    Input parameter = test.uniform("parameter", shape, -1, 1);
    Input gradient = test.spoil(test.uniform("gradient", shape, -1, 1));
    Input velocity = test.uniform("velocity", shape, -1, 1);
    OptimizerStep.Sgd sgd =
        new OptimizerStep.Sgd(
            line.number("momentum", 0.9),
            line.number("dampening", 0),
            line.flag("nesterov", false),
            line.number("decay", 0));
    double rate = line.number("rate", 0.1);
    long step = line.integer("step", 3);
    test.run(
        call -> {
          Tensor w = call.tensor(parameter);
          Tensor v = sgd.momentum() == 0 ? null : call.tensor(velocity);
          sgd.apply(w, call.tensor(gradient), v, rate, step);
          call.result("parameter", w, BOUND);
          if (v != null) {
            call.result("velocity", v, BOUND);
          }
        });
  }
}
