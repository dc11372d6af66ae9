package org.voxkern.cases;

import org.voxkern.Tensor;
import org.voxkern.op.Unary;

final class UnaryGradientCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    Input input = UnaryCase.input(test);
    Input outputGradient = test.uniform("output gradient", input.shape(), -1, 1);
    String function = line.word("function", "");
    double low = line.number("low", Double.NEGATIVE_INFINITY);
    double high = line.number("high", Double.POSITIVE_INFINITY);
    test.run(
        call -> {
          Tensor x = call.tensor(input);
          Tensor dy = call.tensor(outputGradient);
          Tensor dx =
              call.output(
                  "input gradient", test.type(), input.shape(), new Bound(2e-6, 1e-37, 0, 0));
          if (function.equals("clip")) {
            Unary.clipGradient(x, low, high, dy, dx);
          } else {
            Unary.gradient(UnaryCase.function(function), x, dy, dx);
          }
        });
  }
}
