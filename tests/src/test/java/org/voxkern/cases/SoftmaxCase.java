package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Softmax;

final class SoftmaxCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    Shape shape = line.shape("shape");
    double range = line.number("range", 5);
    Input input = test.spoil(test.uniform("input", shape, -range, range));
    Softmax softmax = softmax(line);
    Bound bound =
        line.flag("log", false) ? new Bound(5e-7, 2e-6, 0, 0) : new Bound(2e-6, 1e-30, 0, 0);
    // The native runner looks at the sums.
    line.has("sums");
    boolean inPlace = line.flag("in_place", false);
    test.run(
        call -> {
          Tensor x = call.tensor(input);
          softmax.apply(x, inPlace ? x : call.output("output", test.type(), shape, bound));
          if (inPlace) {
            call.result("output", x, bound);
          }
        });
  }

  static Softmax softmax(CaseLine line) {
    int axis = (int) line.integer("axis", 1);
    return line.flag("log", false) ? Softmax.logAlong(axis) : Softmax.along(axis);
  }
}
