package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.op.LayerNorm;

final class LayerNormGradientCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    Shape shape = line.shape("shape");
    LayerNorm norm = LayerNormCase.norm(line, shape);
    Shape scaleShape = norm.scaleShape(shape);
    NormInputs in = NormInputs.of(test, shape, scaleShape);
    boolean rootMeanSquare = line.flag("rms", false);
    double epsilon = line.number("epsilon", 1e-5);
    Shape statistics = norm.statisticsShape(shape);
    Input mean = test.input("mean", test.type(), statistics);
    Input inverse = test.input("inverse_deviation", test.type(), statistics);
    int count = mean.count() > 0 ? in.input.count() / mean.count() : 0;
    for (int row = 0; row < mean.count(); row++) {
      int begin = row * count;
      NormInputs.setMoments(count, epsilon, row, mean, inverse, i -> in.input.get(begin + i));
      if (rootMeanSquare) {
        double squares = 0;
        for (int i = 0; i < count; i++) {
          squares += in.input.get(begin + i) * in.input.get(begin + i);
        }
        inverse.set(row, 1 / Math.sqrt(squares / count + epsilon));
      }
    }
    Input outputGradient = test.uniform("output_gradient", shape, -1, 1);
    test.run(
        call ->
            norm.gradient(
                call.tensor(in.input),
                call.tensor(in.scale),
                rootMeanSquare ? null : call.tensor(mean),
                call.tensor(inverse),
                call.tensor(outputGradient),
                in.inputGradient(test, call),
                in.sums(test, call, "scale_gradient", scaleShape),
                in.sums(test, call, "shift_gradient", scaleShape)));
  }
}
