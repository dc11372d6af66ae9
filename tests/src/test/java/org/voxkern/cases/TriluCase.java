package org.voxkern.cases;

import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.op.Trilu;

final class TriluCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    Shape shape = line.shape("shape");
    Input input =
        test.spoil(test.integers("input", shape, test.type() == ElementType.BOOL ? 0 : 1, 1));
    boolean upper = line.flag("upper", true);
    long diagonal = line.integer("diagonal", 0);
    test.run(
        call -> {
          Trilu trilu = upper ? Trilu.upper(diagonal) : Trilu.lower(diagonal);
          trilu.apply(
              call.tensor(input),
              call.output("output", test.type(), trilu.outputShape(shape), Bound.exact()));
        });
  }
}
