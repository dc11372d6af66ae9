package org.voxkern.cases;

import java.util.function.Consumer;
import org.opentest4j.TestAbortedException;
import org.voxkern.Shape;
import org.voxkern.op.BiasField;

final class BiasFieldCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    int degree = (int) line.integer("degree", 3);
    BiasField field = field(line, degree);
    BiasField.Fit fit =
        new BiasField.Fit(
            (int) line.integer("bins", 16),
            (int) line.integer("iterations", 6),
            line.number("low", 0),
            line.number("high", 16));
    int count = (int) line.integer("count", 0);
    double strength = line.number("strength", 0.2);
    double noise = line.number("noise", 1);
    if (line.word("break", "").startsWith("coefficients:")) {
      throw new TestAbortedException("Java makes the coefficients itself");
    }
    Input positions = test.uniform("positions", Shape.of(3, count), 0, 40);
    Input reference = test.integers("reference", Shape.of(count), 0, 15);
    Input values = test.uniform("values", Shape.of(count), -noise, noise);
    for (int i = 0; i < count && values.count() == count; i++) {
      double truth =
          1
              + strength * (positions.get(i) / 20 - 1)
              - 0.5 * strength * (positions.get(2 * count + i) / 20 - 1);
      values.set(i, (100 - 5 * reference.get(i)) * truth + values.get(i));
    }
    test.spoil(values);
    Input mask = test.mask("mask", Shape.of(count));
    Consumer<Call> run =
        call ->
            call.value(
                "coefficients",
                Bound.absolute(1e-6),
                field.fit(
                    call.tensor(values),
                    call.tensor(reference),
                    call.tensor(positions),
                    call.tensor(mask),
                    fit));
    test.run(run);
    if (line.flag("recovers", false)) {
      double[] c = test.reference(run).result("coefficients");
      // The second term is x's own.
      test.expect(Math.abs(c[1] / c[0] - strength) < 5e-3, "slope along x is " + c[1] / c[0]);
    }
  }

  static BiasField field(CaseLine line, int degree) {
    return new BiasField(degree, line.numbers("scale", 3, 0.05), line.numbers("offset", 3, -1));
  }
}
