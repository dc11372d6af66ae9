package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.OptimizerStep;

final class OptimizerStepAdamCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    Shape shape = line.shape("shape");
    Input parameter = test.uniform("parameter", shape, -1, 1);
    Input gradient = test.spoil(test.uniform("gradient", shape, -1, 1));
    Input mean = test.uniform("mean", shape, -1, 1);
    Input square = test.uniform("square", shape, 0, 1);
    OptimizerStep.Adam adam =
        new OptimizerStep.Adam(
            line.number("beta1", 0.9),
            line.number("beta2", 0.999),
            line.number("epsilon", 1e-8),
            line.number("decay", 0),
            line.flag("decoupled", false));
    double rate = line.number("rate", 0.1);
    long step = line.integer("step", 3);
    test.run(
        call -> {
          Tensor w = call.tensor(parameter);
          Tensor m = call.tensor(mean);
          Tensor s = call.tensor(square);
          adam.apply(w, call.tensor(gradient), m, s, rate, step);
          call.result("parameter", w, OptimizerStepSgdCase.BOUND);
          call.result("mean", m, OptimizerStepSgdCase.BOUND);
          call.result("square", s, OptimizerStepSgdCase.BOUND);
        });
  }
}
