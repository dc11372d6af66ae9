package org.voxkern.cases;

import java.util.Locale;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Unary;

final class UnaryCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    Input input = input(test);
    String function = line.word("function", "");
    double low = line.number("low", Double.NEGATIVE_INFINITY);
    double high = line.number("high", Double.POSITIVE_INFINITY);
    Bound bound = new Bound(4e-7, 1e-38, 0, 0);
    test.run(
        call -> {
          Tensor x = call.tensor(input);
          if (function.equals("clip")) {
            Unary.clip(x, low, high, call.output("output", test.type(), input.shape(), bound));
            return;
          }
          Unary.Function f = function(function);
          Unary.apply(
              f,
              x,
              call.output(
                  "output",
                  Unary.outputType(f, test.type()),
                  Unary.outputShape(input.shape()),
                  bound));
        });
  }

  static Unary.Function function(String name) {
    return Unary.Function.valueOf(name.toUpperCase(Locale.ROOT));
  }

  static Input input(Case test) {
    CaseLine line = test.line();
    Shape shape = line.shape("shape");
    double from = line.number("from", -3);
    double to = line.number("to", 3);
    if (!line.flag("halves", false)) {
      return test.spoil(test.uniform("input", shape, from, to));
    }
    Input input = test.integers("input", shape, (long) (2 * from), (long) (2 * to));
    for (int i = 0; i < input.count(); i++) {
      input.set(i, input.get(i) / 2);
    }
    return test.spoil(input);
  }
}
