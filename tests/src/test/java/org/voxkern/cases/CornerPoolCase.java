package org.voxkern.cases;

import java.util.Locale;
import org.voxkern.Shape;
import org.voxkern.op.CornerPool;

final class CornerPoolCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    String side = test.line().word("side", "left");
    Shape shape = shape(test.line());
    Input input = input(test, shape);
    test.run(
        call ->
            CornerPool.apply(
                side(side),
                call.tensor(input),
                call.output("output", test.type(), shape, Bound.exact())));
  }

  static Shape shape(CaseLine line) {
    return line.shape("shape").prepend(line.integer("c", 1)).prepend(line.integer("n", 1));
  }

  static Input input(Case test, Shape shape) {
    if (test.line().flag("ties", false)) {
      return test.spoil(test.integers("input", shape, -2, 2));
    }
    Input input = test.uniform("input", shape, -1, 1);
    if (test.line().flag("distinct", false)) {
      for (int i = 0; i < input.count(); i++) {
        input.set(i, i * 7919 % input.count());
      }
    }
    return test.spoil(input);
  }

  static CornerPool.Side side(String name) {
    return CornerPool.Side.valueOf(name.toUpperCase(Locale.ROOT));
  }
}
