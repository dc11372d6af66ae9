package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.op.Activation;

final class ActivationGradientCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    Shape shape = test.line().shape("shape");
    Input input = ActivationInputs.argument(test, shape);
    Input outputGradient = test.uniform("output_gradient", shape, -1, 1);
    Activation activation = ActivationInputs.activation(test.line());
    Bound bound = new Bound(5e-7, 5e-7, 0, 0);
    test.run(
        call ->
            activation.gradient(
                call.tensor(input),
                call.tensor(outputGradient),
                call.output("input_gradient", test.type(), shape, bound)));
  }
}
