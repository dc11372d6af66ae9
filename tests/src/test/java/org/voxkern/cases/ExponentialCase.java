package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.op.Exponential;

final class ExponentialCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    Shape sizes = line.shape("shape").prepend(3);
    double amount = line.number("amount", 2);
    Input velocity =
        test.spoil(test.smooth("velocity", sizes, line.number("cell", 4), -amount, amount));
    double[] map = FieldInputs.displacementMap(line);
    int steps = (int) line.integer("steps", 5);
    if (line.word("field", "smooth").equals("constant")) {
      int voxels = velocity.count() / 3;
      for (int i = 0; i < velocity.count(); i++) {
        velocity.set(i, 0.75 - 0.5 * (i / voxels));
      }
    }
    line.has("wanted");
    test.run(
        call ->
            call.value(
                "steps",
                Bound.exact(),
                Exponential.apply(
                    call.tensor(velocity),
                    map,
                    steps,
                    call.output("displacement", test.type(), sizes, new Bound(1e-5, 0, 1e-5, 0)))));
  }
}
