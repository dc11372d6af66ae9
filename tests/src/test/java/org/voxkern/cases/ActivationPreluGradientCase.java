package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.op.Activation;

final class ActivationPreluGradientCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    Shape shape = line.shape("shape");
    Input input = ActivationInputs.argument(test, shape);
    Shape slopes = Shape.of(line.integer("slopes", shape.size(1)));
    Input slope = test.uniform("slope", slopes, -0.5, 0.5);
    Input outputGradient = test.uniform("output_gradient", shape, -1, 1);
    boolean wantsInput = line.flag("input_gradient", true);
    boolean wantsSlope = line.flag("slope_gradient", true);
    Bound sums = new Bound(1e-6, 1e-5, 1e-6, 0);
    test.run(
        call ->
            Activation.preluGradient(
                call.tensor(input),
                call.tensor(slope),
                call.tensor(outputGradient),
                wantsInput
                    ? call.output("input_gradient", test.type(), shape, Bound.relative(1.2e-7))
                    : null,
                wantsSlope ? call.output("slope_gradient", test.type(), slopes, sums) : null));
  }
}
