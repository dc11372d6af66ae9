package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.op.Softmax;

final class SoftmaxGradientCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    Shape shape = line.shape("shape");
    boolean log = line.flag("log", false);
    Input output = test.spoil(test.uniform("output", shape, log ? -6 : 0, log ? 0 : 1));
    Input outputGradient = test.uniform("output_gradient", shape, -1, 1);
    Softmax softmax = SoftmaxCase.softmax(line);
    Bound bound = new Bound(1e-6, 1e-6, 2e-6, 0);
    test.run(
        call ->
            softmax.gradient(
                call.tensor(output),
                call.tensor(outputGradient),
                call.output("input_gradient", test.type(), shape, bound)));
  }
}
