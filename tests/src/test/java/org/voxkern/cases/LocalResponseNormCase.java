package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.op.LocalResponseNorm;

final class LocalResponseNormCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    Shape shape = line.shape("shape");
    Input input = input(test, shape);
    test.run(
        call ->
            norm(line)
                .apply(
                    call.tensor(input),
                    call.output("output", test.type(), shape, new Bound(2e-6, 1e-30, 0, 0))));
  }

  static Input input(Case test, Shape shape) {
    double range = test.line().number("range", 3);
    return test.spoil(test.uniform("input", shape, -range, range));
  }

  static LocalResponseNorm norm(CaseLine line) {
    long size = line.integer("size", 5);
    return LocalResponseNorm.builder(size)
        .before(line.integer("before", (size - 1) / 2))
        .alpha(line.number("alpha", 1e-4))
        .beta(line.number("beta", 0.75))
        .bias(line.number("bias", 1))
        .build();
  }
}
