package org.voxkern.cases;

import org.opentest4j.TestAbortedException;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.AdaptivePool;

final class AdaptivePoolCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    Shape in = shape(line, "shape");
    Shape out = shape(line, "out");
    boolean max = line.word("mode", "average").equals("max");
    boolean wantsIndices = line.flag("indices", false);
    if (wantsIndices && !max) {
      throw new TestAbortedException("in Java a mean has no argument for indices");
    }
    Input input = test.spoil(input(test, in));
    test.run(call -> apply(call, test, max, input, out, wantsIndices));
  }

  static Shape shape(CaseLine line, String key) {
    return line.shape(key).prepend(line.integer("c", 1)).prepend(line.integer("n", 1));
  }

  static Input input(Case test, Shape shape) {
    if (test.line().flag("ties", false)) {
      return test.integers("input", shape, -2, 2);
    }
    Input input = test.uniform("input", shape, -1, 1);
    if (test.line().flag("distinct", false)) {
      for (int i = 0; i < input.count(); i++) {
        input.set(i, i * 7919 % input.count());
      }
    }
    return input;
  }

  static void apply(
      Call call, Case test, boolean max, Input input, Shape out, boolean wantsIndices) {
    Tensor tensor = call.tensor(input);
    if (max) {
      AdaptivePool.max(
          tensor,
          call.output("output", test.type(), out, Bound.exact()),
          wantsIndices ? call.output("indices", ElementType.I64, out, Bound.exact()) : null);
    } else {
      // A mean may be much smaller than the values, which are up to 1.
      Bound bound = new Bound(0, 1e-7, 1e-6, 0);
      AdaptivePool.average(tensor, call.output("output", test.type(), out, bound));
    }
  }
}
