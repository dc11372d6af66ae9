package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Reduce;

final class ReduceGradientCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    Input input = ReduceCase.input(test);
    Reduce reduce = ReduceCase.reduction(line);
    Shape kept = reduce.outputShape(input.shape());
    Input outputGradient = test.uniform("output gradient", kept, -1, 1);
    Input output = test.input("output", test.type(), kept);
    if (line.word("expect", "ok").equals("ok")) {
      double[] reduced =
          test.reference(
                  call ->
                      reduce.apply(
                          call.tensor(input),
                          call.output("reduced", test.type(), kept, Bound.exact())))
              .result("reduced");
      for (int i = 0; i < output.count(); i++) {
        output.set(i, reduced[i]);
      }
    }
    test.run(
        call -> {
          Tensor x = call.tensor(input);
          Tensor y = call.tensor(output);
          Tensor dy = call.tensor(outputGradient);
          Bound bound = new Bound(2e-6, 1e-9, 0, 0);
          reduce.gradient(
              x, y, dy, call.output("input gradient", test.type(), input.shape(), bound));
        });
  }
}
