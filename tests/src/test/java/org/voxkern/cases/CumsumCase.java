package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.op.Cumsum;

final class CumsumCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    // The native runner's check.
    line.has("adjoint");
    Shape shape = line.shape("shape");
    int axis = (int) line.integer("axis", 0);
    boolean exclusive = line.flag("exclusive", false);
    boolean reverse = line.flag("reverse", false);
    Input input =
        test.spoil(
            line.flag("whole", false)
                ? test.integers("input", shape, -9, 9)
                : test.uniform("input", shape, -9, 9));
    test.run(
        call -> {
          Cumsum sum = Cumsum.of(axis);
          sum = exclusive ? sum.exclusive() : sum;
          sum = reverse ? sum.reverse() : sum;
          sum.apply(
              call.tensor(input),
              call.output("output", test.type(), sum.outputShape(shape), Bound.exact()));
        });
  }
}
