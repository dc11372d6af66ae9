package org.voxkern.cases;

import java.util.Arrays;
import org.opentest4j.TestAbortedException;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.op.BiasField;
import org.voxkern.testing.SplitMix64;

final class BiasFieldCorrectCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    BiasField field = BiasFieldCase.field(line, (int) line.integer("degree", 3));
    Shape shape = line.shape("shape");
    Input image = test.spoil(test.uniform("image", shape, -100, 100));
    double strength = line.number("strength", 0.1);
    if (line.word("break", "").startsWith("coefficients:type")) {
      throw new TestAbortedException("Java takes coefficients as doubles");
    }
    Input coefficients = test.input("coefficients", ElementType.F64, Shape.of(field.terms()));
    SplitMix64 random = new SplitMix64(line.seed(), "coefficients");
    double[] c = new double[field.terms()];
    for (int i = 0; i < c.length; i++) {
      c[i] = (i == 0 ? 1 : 0) + random.uniform(-strength, strength);
    }
    test.run(
        call -> {
          double[] given = c;
          if (line.word("break", "").equals("coefficients:size")) {
            given = Arrays.copyOf(c, c.length + 1);
          }
          field.correct(
              call.tensor(image),
              given,
              call.output("corrected", test.type(), shape, Bound.relative(5e-6)));
        });
  }
}
