package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.op.LpNormalize;

final class LpNormalizeCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    Shape shape = line.shape("shape");
    Input input = input(test, shape);
    // The native runner looks at the lengths.
    line.has("lengths");
    test.run(
        call ->
            norm(line)
                .apply(
                    call.tensor(input),
                    call.output("output", test.type(), shape, new Bound(5e-7, 1e-37, 0, 0))));
  }

  static Input input(Case test, Shape shape) {
    double range = test.line().number("range", 3);
    return test.spoil(test.uniform("input", shape, -range, range));
  }

  static LpNormalize norm(CaseLine line) {
    return LpNormalize.of(
        (int) line.integer("axis", 1), (int) line.integer("p", 2), line.number("epsilon", 1e-12));
  }
}
