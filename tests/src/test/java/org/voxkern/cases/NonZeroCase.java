package org.voxkern.cases;

import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.op.NonZero;

final class NonZeroCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    Input input = values(test);
    long count = test.line().integer("more", 0);
    for (int i = 0; i < input.count(); i++) {
      count += input.get(i) != 0 ? 1 : 0;
    }
    Shape shape = NonZero.outputShape(input.shape(), count);
    test.run(
        call ->
            NonZero.apply(
                call.tensor(input), call.output("indices", ElementType.I64, shape, Bound.exact())));
  }

  /** Whole numbers of which one in 2 range + 1 is 0; zeros of both signs among them. */
  static Input values(Case test) {
    long range = test.line().integer("range", 1);
    ElementType type = test.type();
    boolean unsigned = type == ElementType.BOOL || type == ElementType.U8;
    Input input = test.integers("input", test.line().shape("shape"), unsigned ? 0 : -range, range);
    if (type == ElementType.F32 || type == ElementType.F64) {
      for (int i = 0; i < input.count(); i += 2) {
        if (input.get(i) == 0) {
          input.set(i, -0.0);
        }
      }
    }
    return test.spoil(input);
  }
}
