package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.op.Exponential;

final class ExponentialGradientCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    Shape sizes = line.shape("shape").prepend(3);
    double amount = line.number("amount", 2);
    Input velocity =
        test.spoil(test.smooth("velocity", sizes, line.number("cell", 4), -amount, amount));
    Input upstream = test.uniform("displacement_gradient", sizes, -1, 1);
    double[] map = FieldInputs.displacementMap(line);
    int steps = (int) line.integer("steps", 5);
    Bound bound = new Bound(1e-4, 0, 2e-5, 2e-3);
    test.run(
        call ->
            Exponential.gradient(
                call.tensor(velocity),
                map,
                steps,
                call.tensor(upstream),
                call.output("velocity_gradient", test.type(), sizes, bound)));
  }
}
