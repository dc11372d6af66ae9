package org.voxkern.cases;

import org.opentest4j.TestAbortedException;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.AdaptivePool;

final class AdaptivePoolGradientCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    Shape in = AdaptivePoolCase.shape(line, "shape");
    Shape out = AdaptivePoolCase.shape(line, "out");
    boolean max = line.word("mode", "average").equals("max");
    if (line.flag("indices", max) && !max) {
      throw new TestAbortedException("in Java the gradient of a mean has no argument for indices");
    }
    Input input = AdaptivePoolCase.input(test, in);
    Input upstream = test.spoil(test.integers("upstream", out, -9, 9));
    Input indices = line.flag("indices", max) ? test.input("indices", ElementType.I64, out) : null;
    if (indices != null && !line.has("expect")) {
      double[] found =
          test.reference(call -> AdaptivePoolCase.apply(call, test, true, input, out, true))
              .result("indices");
      for (int i = 0; i < found.length; i++) {
        indices.set(i, found[i]);
      }
    }
    test.run(
        call -> {
          Tensor gradient = call.output("gradient", test.type(), in, Bound.ofLargest(1e-6));
          if (max) {
            AdaptivePool.maxGradient(call.tensor(indices), call.tensor(upstream), gradient);
          } else {
            AdaptivePool.averageGradient(call.tensor(upstream), gradient);
          }
        });
  }
}
