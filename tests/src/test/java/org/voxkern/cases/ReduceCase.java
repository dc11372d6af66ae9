package org.voxkern.cases;

import java.util.Locale;
import org.voxkern.Shape;
import org.voxkern.op.Reduce;

final class ReduceCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    Input input = input(test);
    test.run(
        call -> {
          Reduce reduce = reduction(line);
          Shape shape = reduce.outputShape(input.shape());
          reduce.apply(call.tensor(input), call.output("output", test.type(), shape, bound(line)));
        });
  }

  static Reduce reduction(CaseLine line) {
    int[] axes = line.word("axes", "").chars().map(digit -> digit - '0').toArray();
    String name = line.word("reduction", "").toUpperCase(Locale.ROOT);
    return Reduce.of(Reduce.Reduction.valueOf(name), line.flag("keep", true), axes);
  }

  static Input input(Case test) {
    CaseLine line = test.line();
    Shape shape = line.shape("shape");
    double from = line.number("from", -3);
    double to = line.number("to", 3);
    return test.spoil(
        line.flag("whole", false)
            ? test.integers("input", shape, (long) from, (long) to)
            : test.uniform("input", shape, from, to));
  }

  private static Bound bound(CaseLine line) {
    String name = line.word("reduction", "");
    boolean logarithm = name.startsWith("log");
    boolean squares = name.equals("l2") || name.equals("sum_square");
    return line.flag("whole", false) && !logarithm && !squares
        ? Bound.relative(6e-8)
        : new Bound(3e-7, logarithm ? 3e-7 : 1e-9, 0, 0);
  }
}
