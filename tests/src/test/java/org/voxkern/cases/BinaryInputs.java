package org.voxkern.cases;

import java.util.Locale;
import org.opentest4j.TestAbortedException;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.op.Binary;
import org.voxkern.testing.SplitMix64;

/** The inputs of a line of {@code binary} and of its gradient. */
final class BinaryInputs {
  final Input a;
  final Input b;
  final Input condition;

  /** Of the output. */
  final Shape shape;

  private final String name;

  BinaryInputs(Case test) {
    CaseLine line = test.line();
    name = line.word("function", "");
    Shape shapeA = line.shape("shape");
    Shape shapeB = line.has("other") ? line.shape("other") : shapeA;
    a = operand(test, "a", shapeA);
    b = operand(test, "b", shapeB);
    test.spoil(a);
    if (!chooses() && line.has("condition")) {
      throw new TestAbortedException("Java has a method of its own for the choice");
    }
    Shape both =
        line.word("expect", "ok").equals("ok") ? Binary.outputShape(shapeA, shapeB) : shapeA;
    if (chooses()) {
      condition =
          test.input(
              "condition",
              ElementType.BOOL,
              line.has("condition") ? line.shape("condition") : shapeA);
      SplitMix64 random = new SplitMix64(line.seed(), "condition");
      for (int i = 0; i < condition.count(); i++) {
        condition.set(i, random.uniform() < 0.5 ? 1 : 0);
      }
      shape = Binary.outputShape(both, condition.shape());
    } else {
      condition = null;
      shape = both;
    }
  }

  boolean chooses() {
    return name.equals("where");
  }

  Binary.Function function() {
    return Binary.Function.valueOf(name.toUpperCase(Locale.ROOT));
  }

  static Input operand(Case test, String name, Shape shape) {
    double from = test.line().number("from", -3);
    double to = test.line().number("to", 3);
    return test.line().flag("whole", false)
        ? test.integers(name, shape, (long) from, (long) to)
        : test.uniform(name, shape, from, to);
  }
}
