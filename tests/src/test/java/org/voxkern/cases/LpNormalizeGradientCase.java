package org.voxkern.cases;

import org.voxkern.Shape;

final class LpNormalizeGradientCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    Shape shape = line.shape("shape");
    Input input = LpNormalizeCase.input(test, shape);
    Input outputGradient = test.uniform("output_gradient", shape, -1, 1);
    Bound bound = new Bound(1e-6, 1e-6, 2e-6, 0);
    test.run(
        call ->
            LpNormalizeCase.norm(line)
                .gradient(
                    call.tensor(input),
                    call.tensor(outputGradient),
                    call.output("input_gradient", test.type(), shape, bound)));
  }
}
