package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.op.Activation;

final class ActivationPreluCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    Shape shape = test.line().shape("shape");
    Input input = ActivationInputs.argument(test, shape);
    Shape slopes = Shape.of(test.line().integer("slopes", shape.size(1)));
    Input slope = test.uniform("slope", slopes, -0.5, 0.5);
    test.run(
        call ->
            Activation.prelu(
                call.tensor(input),
                call.tensor(slope),
                call.output("output", test.type(), shape, Bound.relative(1.2e-7))));
  }
}
